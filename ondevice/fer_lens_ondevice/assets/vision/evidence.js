/** How surely is this a face? As `fer.detection.evidence` and `fer.detection.evidence`. */

import { resizeArea } from "./resize.js";
import { warp } from "./alignment.js";
import { boxSide, clamp, inverted, iou, rint, transformed } from "./geometry.js";
import { greyAt, imageOf } from "./image.js";

/** @import { Constants, Detections, EvidenceConstants, Image } from "./types.js" */
/** @import { LandmarkConstants, Matrix } from "./types.js" */
/** @typedef {{grey: Image, left: number, top: number}} Crop */

/** Weighs what two networks see at a place, and whether it has any shading. */
export class Evidence {
  /** @param {import("../types.js").Run["landmark"]} run @param {Constants} constants */
  constructor(run, constants) {
    this.landmark = new FaceLandmark(run, constants.landmark);
    this.constants = constants.evidence;
  }

  /**
   * Return the evidence that a detection is a face.
   * @param {Image} image @param {Detections} faces
   * @param {number} face  which of them
   */
  async at(image, faces, face) {
    const { logitClip, logitWeight, flatWeight, overexposedEvidence } = this.constants;
    const score = clamp(faces.scores[face], logitClip, 1 - logitClip);
    const presence = await this.landmark.presence(image, faces, face);
    const seen = presence + logitWeight * Math.log(score / (1 - score));
    const box = faces.boxes.subarray(4 * face, 4 * face + 4);
    return seen - flatWeight * flatShare(image, box, seen >= overexposedEvidence, this.constants);
  }
}

/**
 * Return the share of a box's circle in which neighbouring pixels have exactly one brightness.
 * @param {Image} image  RGB
 * @param {Float32Array} box  (4) in pixels
 * @param {boolean} overexposed  leave out what is white or black, if the rest is shaded
 * @param {EvidenceConstants} constants
 */
export function flatShare(image, box, overexposed, constants) {
  const { grey: large, left, top } = squareCrop(image, box, constants.flatScale);
  const side = Math.min(large.width, constants.flatSide);
  const grey = side < large.width ? resizeArea(large, side, side) : large;
  const counts = seen(image, left, top, large.width, side);
  const { darkest, lightest } = neighbourhood(grey);
  let [all, shaded, flat, kept, keptFlat] = [0, 0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    if (!counts[i]) continue;
    const step = lightest[i] - darkest[i];
    const clipped = lightest[i] <= constants.black || darkest[i] >= constants.white;
    all++;
    if (step === 0) flat++;
    else if (step <= constants.shadingStep) shaded++;
    if (clipped) continue;
    kept++;
    if (step === 0) keptFlat++;
  }
  const without = overexposed && shaded >= constants.shadedShare * all;
  const [part, whole] = without ? [keptFlat, kept] : [flat, all];
  return whole ? part / whole : 0;
}

/**
 * Cut out a square around a box in grey levels; black past the picture's border.
 * @param {Image} image  RGB
 * @param {Float32Array} box  (4) in pixels
 * @param {number} scale  side of the square as a multiple of the box's
 * @returns {Crop}  and where its top left pixel is
 */
export function squareCrop(image, box, scale) {
  const side = Math.max(2, rint(boxSide(box, 0) * scale));
  const [left, top] = [0, 1].map((k) => {
    const middle = Math.fround(Math.fround(box[k] + box[k + 2]) / 2);
    return rint(Math.fround(middle - side / 2));
  });
  const grey = imageOf(side, side, 1);
  const [x0, x1] = [clamp(left, 0, image.width), clamp(left + side, 0, image.width)];
  const [y0, y1] = [clamp(top, 0, image.height), clamp(top + side, 0, image.height)];
  for (let y = y0; y < y1; y++) {
    let i = image.offset + y * image.stride + x0 * image.channels;
    let k = (y - top) * side + x0 - left;
    for (let x = x0; x < x1; x++, i += image.channels, k++) {
      grey.data[k] = greyAt(image.data, i);
    }
  }
  return { grey, left, top };
}

/**
 * Return which pixels of a square crop, resized to `side`, are in its circle and the picture.
 * @param {Image} image @param {number} left @param {number} top @param {number} cropSide
 * @param {number} side
 */
function seen(image, left, top, cropSide, side) {
  const counts = new Uint8Array(side * side);
  const steps = Float64Array.from({ length: side }, (_, i) => ((i + 0.5) * cropSide) / side);
  for (let j = 0; j < side; j++) {
    const [y, down] = [top + steps[j], (2 * steps[j]) / cropSide - 1];
    if (y <= 0 || y >= image.height) continue;
    for (let i = 0; i < side; i++) {
      const [x, across] = [left + steps[i], (2 * steps[i]) / cropSide - 1];
      const inside = x > 0 && x < image.width && across ** 2 + down ** 2 <= 1;
      counts[j * side + i] = inside ? 1 : 0;
    }
  }
  return counts;
}

/** Return the darkest and the lightest of the nine pixels around each. @param {Image} grey */
function neighbourhood(grey) {
  const { data, width, height, stride } = grey;
  const [darkest, lightest] = [new Uint8Array(width * height), new Uint8Array(width * height)];
  for (let y = 0, k = 0; y < height; y++) {
    const [y0, y1] = [Math.max(y - 1, 0), Math.min(y + 1, height - 1)];
    for (let x = 0; x < width; x++, k++) {
      const [x0, x1] = [Math.max(x - 1, 0), Math.min(x + 1, width - 1)];
      let [low, high] = [255, 0];
      for (let j = y0; j <= y1; j++) {
        for (let i = x0; i <= x1; i++) {
          const level = data[j * stride + i];
          if (level < low) low = level;
          if (level > high) high = level;
        }
      }
      [darkest[k], lightest[k]] = [low, high];
    }
  }
  return { darkest, lightest };
}

/** Says whether a place shows a face; keeps the network's input. */
class FaceLandmark {
  /** @param {import("../types.js").Run["landmark"]} run @param {LandmarkConstants} constants */
  constructor(run, constants) {
    const count = 3 * constants.inputSize ** 2;
    this.run = run;
    this.constants = constants;
    this.crop = new Uint8Array(count);
    this.values = new Float32Array(count);
  }

  /**
   * Return how surely a detection is a face, a logit within a range: the lower one of two looks at
   * crops of different sizes, and the least possible where the mesh does not lie over the box.
   * @param {Image} image @param {Detections} faces
   * @param {number} face  which of them
   */
  async presence(image, faces, face) {
    const { presenceRange, presenceScales, hopeless } = this.constants;
    let lowest = presenceRange[1];
    for (const scale of presenceScales) {
      if (lowest < hopeless) break;
      lowest = Math.min(lowest, await this.look(image, faces, face, scale));
    }
    return Math.max(lowest, presenceRange[0]);
  }

  /**
   * @param {Image} image @param {Detections} faces @param {number} face
   * @param {number} scale  side of the crop as a multiple of the box
   */
  async look(image, faces, face, scale) {
    const { inputSize, pixelRange, coverIou } = this.constants;
    const matrix = cropTransform(faces, face, scale, inputSize);
    const { data } = warp(image, matrix, inputSize, 1, this.crop);
    for (let k = 0; k < data.length; k++) this.values[k] = data[k] / pixelRange;
    const [points, presence] = await this.run(this.values);
    const extent = extentOf(points, inverted(matrix), this.constants.meshPoints);
    return iou(extent, 0, faces.boxes, face) >= coverIou ? presence : -Infinity;
  }
}

/**
 * Return the matrix from the picture's pixels to the crop, in which the eyes are level.
 * @param {Detections} faces
 * @param {number} face  which of them
 * @param {number} scale  side of the crop as a multiple of the box
 * @param {number} inputSize  side of the crop
 */
function cropTransform(faces, face, scale, inputSize) {
  const points = faces.points.subarray(face * (faces.points.length / faces.count));
  const [x, y] = [points[2] - points[0], points[3] - points[1]];
  const length = Math.hypot(x, y);
  const zoom = inputSize / (scale * Math.max(boxSide(faces.boxes, face), 1));
  const cosine = zoom * (length > 0 ? x / length : 1);
  const sine = zoom * (length > 0 ? y / length : 0);
  const [left, top, right, bottom] = faces.boxes.subarray(4 * face);
  const [u, v] = [(left + right) / 2, (top + bottom) / 2];
  const half = inputSize / 2;
  return [cosine, sine, half - cosine * u - sine * v, -sine, cosine, half + sine * u - cosine * v];
}

/**
 * Return the box around the points of a mesh, where they are in the picture.
 * @param {Float32Array} points  (count, 3) in pixels of the crop
 * @param {Matrix} matrix  from the crop to the picture
 * @param {number} count
 */
function extentOf(points, matrix, count) {
  const extent = Float32Array.of(Infinity, Infinity, -Infinity, -Infinity);
  for (let i = 0; i < count; i++) {
    const [x, y] = transformed(matrix, points[3 * i], points[3 * i + 1]);
    extent[0] = Math.min(extent[0], x);
    extent[1] = Math.min(extent[1], y);
    extent[2] = Math.max(extent[2], x);
    extent[3] = Math.max(extent[3], y);
  }
  return extent;
}
