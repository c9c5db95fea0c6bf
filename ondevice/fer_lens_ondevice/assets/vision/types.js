/**
 * What the path from pixels to faces works on. Numbers of it come from Python, see
 * `fer/ondevice/constants.py`; arrays are flat, row by row.
 *
 * @typedef {object} Image  a picture, or a part of one that shares its data
 * @property {Uint8Array} data
 * @property {number} width
 * @property {number} height
 * @property {number} channels  4: RGB and alpha, which is not looked at, 3: RGB, 1: grey
 * @property {number} offset  index of the first value
 * @property {number} stride  values from one row to the next
 *
 * @typedef {object} Detections  `count` faces, as `fer.types.Detections`
 * @property {number} count
 * @property {Float32Array} boxes  (n, 4): left, top, right, bottom in pixels
 * @property {Float32Array} scores  (n)
 * @property {Float32Array} points  (n, 6, 2), see `fer.types.LANDMARKS`
 *
 * @typedef {number[] | Float64Array} Matrix  2×3: from pixels (x, y, 1) to others
 *
 * @typedef {object} Framing  as `fer.alignment.Framing`
 * @property {number} side
 * @property {number[][]} points
 * @property {number[]} boxCentre
 * @property {number} boxSide
 *
 * @typedef {object} Observed  one frame, before it is known who is who
 * @property {number} width  of the working size
 * @property {number} height
 * @property {boolean} black  whether the camera is off; then there are no faces
 * @property {boolean} cut  whether another scene begins with it
 * @property {Detections} faces  all that the detector found
 * @property {{colours: Float32Array, visible: Float32Array}} looks  (n, regions, bins), (n, regions)
 * @property {Float32Array} evidence  (n), NaN where nobody looked closely
 * @property {boolean[][]} issues  (n, 4)
 * @property {Record<string, Float32Array>[]} logits  (n) of every output of the network
 * @property {string[]} outputs  names of those, in the order of the model's heads
 * @property {Uint16Array} ids  (n) local numbers, 0 for a face that is not followed
 * @property {boolean[]} believed  (n) whether close looks, now or earlier, have found a face
 * @property {{detect: number, track: number, align: number, classify: number}} milliseconds
 *
 * @typedef {object} Constants  `fer.ondevice.constants.path_constants`
 * @property {FrameConstants} frames
 * @property {BlazeFaceConstants} blazeface
 * @property {LandmarkConstants} landmark
 * @property {EvidenceConstants} evidence
 * @property {{oversampling: number}} alignment
 * @property {QualityConstants} quality
 * @property {AppearanceConstants} appearance
 * @property {PresenceConstants} presence
 * @property {FollowingConstants} following
 * @property {CutConstants} cuts
 * @property {AnswerConstants} answers
 * @property {import("../wire.js").Layout} wire
 *
 * @typedef {{workingSide: number, offHighest: number, offMean: number}} FrameConstants
 * @typedef {{inputSize: number, stride: number, minCanvasSide: number, anchorGrids: number[][],
 *   pixelRange: number, landmarks: number, minScore: number, sameFaceIou: number}} BlazeFaceConstants
 * @typedef {{inputSize: number, meshPoints: number, pixelRange: number, presenceRange: number[],
 *   presenceScales: number[], hopeless: number, coverIou: number}} LandmarkConstants
 * @typedef {{logitClip: number, logitWeight: number, flatWeight: number, flatSide: number,
 *   flatScale: number, overexposedEvidence: number, black: number, white: number,
 *   shadingStep: number, shadedShare: number}} EvidenceConstants
 * @typedef {{issues: string[], minSide: number, minSharpness: number, minLight: number,
 *   lightPercentile: number, maxYaw: number, cropSide: number, rows: number[], columns: number[],
 *   fineSigma: number, coarseSigma: number, directions: number[][], energyFloor: number
 *   }} QualityConstants
 * @typedef {{regions: number[][], points: number, lightPoints: number[], lightBins: number,
 *   colourBins: number, lightRange: number, colourRange: number, dark: number}} AppearanceConstants
 * @typedef {{faceEvidence: number, noFace: number, newest: number, firstWait: number,
 *   longestWait: number, recheckSeconds: number, doubtSeconds: number}} PresenceConstants
 * @typedef {{followedIou: number, newTrackScore: number, freshSeconds: number,
 *   freshFrameSeconds: number, lookSeconds: number, maxLooks: number, velocitySeconds: number,
 *   coastSeconds: number, markedShare: number}} FollowingConstants
 * @typedef {{width: number, height: number, sameFrame: number, sameScene: number, movesX: number,
 *   movesY: number, longGap: number, farMovesX: number, farMovesY: number, mixed: number,
 *   emptyDeviation: number}} CutConstants
 * @typedef {{uncertain: string, candidateShare: number, maxCandidates: number}} AnswerConstants
 */

export {};
