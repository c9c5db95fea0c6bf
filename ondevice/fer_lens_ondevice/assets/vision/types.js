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
 * @property {boolean[][]} flaws  (n, 4)
 * @property {Record<string, Float32Array>[]} logits  (n) of every output of the network
 * @property {string[]} outputs  names of those, in the order of the model's heads
 * @property {Uint16Array} ids  (n) local numbers, 0 for a face that is not followed
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
 *
 * @typedef {object} BlazeFaceConstants
 * @property {number} inputSize
 * @property {number} stride
 * @property {number} minCanvasSide
 * @property {number[][]} anchorGrids
 * @property {number} pixelRange
 * @property {number} landmarks
 * @property {number} minScore
 * @property {number} sameFaceIou
 *
 * @typedef {object} LandmarkConstants
 * @property {number} inputSize
 * @property {number} meshPoints
 * @property {number} pixelRange
 * @property {number[]} presenceRange
 * @property {number[]} presenceScales
 * @property {number} hopeless
 * @property {number} coverIou
 *
 * @typedef {object} EvidenceConstants
 * @property {number} logitClip
 * @property {number} logitWeight
 * @property {number} flatWeight
 * @property {number} flatSide
 * @property {number} flatScale
 * @property {number} overexposedEvidence
 * @property {number} black
 * @property {number} white
 * @property {number} shadingStep
 * @property {number} shadedShare
 *
 * @typedef {object} QualityConstants
 * @property {string[]} flaws
 * @property {number} minSide
 * @property {number} minSharpness
 * @property {number} minLight
 * @property {number} lightPercentile
 * @property {number} maxYaw
 * @property {number} cropSide
 * @property {number[]} rows
 * @property {number[]} columns
 * @property {number} fineSigma
 * @property {number} coarseSigma
 * @property {number[][]} directions
 * @property {number} energyFloor
 *
 * @typedef {object} AppearanceConstants
 * @property {number[][]} regions
 * @property {number} points
 * @property {number[]} lightPoints
 * @property {number} lightBins
 * @property {number} colourBins
 * @property {number} lightRange
 * @property {number} colourRange
 * @property {number} dark
 *
 * @typedef {object} PresenceConstants
 * @property {number} faceEvidence
 * @property {number} noFace
 * @property {number} newest
 * @property {number} firstWait
 * @property {number} longestWait
 * @property {number} recheckSeconds
 * @property {number} doubtSeconds
 *
 * @typedef {object} FollowingConstants
 * @property {number} followedIou
 * @property {number} newTrackScore
 * @property {number} freshSeconds
 * @property {number} freshFrameSeconds
 * @property {number} lookSeconds
 * @property {number} maxLooks
 * @property {number} velocitySeconds
 * @property {number} coastSeconds
 * @property {number} markedShare
 *
 * @typedef {object} CutConstants
 * @property {number} width
 * @property {number} height
 * @property {number} movesX
 * @property {number} movesY
 * @property {number} sameScene
 * @property {number} emptyDeviation
 *
 * @typedef {{uncertain: string, candidateShare: number, maxCandidates: number}} AnswerConstants
 */

export {};
