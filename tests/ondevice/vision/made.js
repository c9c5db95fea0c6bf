/** What tests of the scripts need of each: numbers of the path, a model, frames, networks. */

export const CONSTANTS = {
  frames: { workingSide: 64, offHighest: 1, offMean: 0.5 },
  blazeface: {
    inputSize: 32, stride: 32, minCanvasSide: 32, anchorGrids: [[2, 1]], pixelRange: 127.5,
    landmarks: 6, minScore: 0.35, sameFaceIou: 0.3,
  },
  landmark: {
    inputSize: 8, meshPoints: 2, pixelRange: 255, presenceRange: [-10, 20],
    presenceScales: [1.5, 1.75], hopeless: -3, coverIou: 0.4,
  },
  evidence: {
    logitClip: 1e-4, logitWeight: 4, flatWeight: 0, flatSide: 48, flatScale: 0.9,
    overexposedEvidence: 20, black: 5, white: 250, shadingStep: 16, shadedShare: 0.1,
  },
  alignment: { oversampling: 2 },
  quality: {
    flaws: ["small", "blurred", "dark", "turned"], minSide: 22, minSharpness: 0.15, minLight: 60,
    lightPercentile: 95, maxYaw: 0.8, cropSide: 48, rows: [12, 44], columns: [10, 38],
    fineSigma: 1, coarseSigma: 2.5, directions: [[1, 0], [0, 1]], energyFloor: 1,
  },
  appearance: {
    regions: [[-0.5, -0.5, 0.5, 0.5]], points: 4, lightPoints: [4, 4], lightBins: 7,
    colourBins: 6, lightRange: 2.2, colourRange: 1, dark: 14,
  },
  presence: {
    faceEvidence: 12, noFace: -5, newest: 0.5, firstWait: 0.2, longestWait: 5,
    recheckSeconds: 10, doubtSeconds: 1,
  },
  following: {
    followedIou: 0.1, newTrackScore: 0.6, freshSeconds: 1, freshFrameSeconds: 5,
    lookSeconds: 0.1, maxLooks: 6, velocitySeconds: 0.25, coastSeconds: 0.4, markedShare: 0.5,
  },
  cuts: { width: 64, height: 36, movesX: 12, movesY: 7, sameScene: 0.7, emptyDeviation: 4 },
  answers: { uncertain: "uncertain", candidateShare: 0.8, maxCandidates: 3 },
};

/** Return faces with these boxes, and all of their points in the middle. */
export function facesAt(boxes, score = 0.9) {
  const middle = ([x0, y0, x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
  return {
    count: boxes.length,
    boxes: Float32Array.from(boxes.flat()),
    scores: new Float32Array(boxes.length).fill(score),
    points: Float32Array.from(boxes.flatMap((box) => Array(6).fill(middle(box)).flat())),
  };
}
