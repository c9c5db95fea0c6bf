/** Is this a face? The face-landmark network at two scales, as `fer.detection.face_landmark`. */

import { warp } from "./alignment.js";
import { boxSide, inverted, iou, transformed } from "./geometry.js";

/** @typedef {import("./types.js").Detections} Detections */
/** @typedef {import("./types.js").Image} Image */
/** @typedef {import("./types.js").LandmarkConstants} LandmarkConstants */
/** @typedef {import("./types.js").Matrix} Matrix */

/** Says whether a place shows a face; keeps the network's input. */
export class FaceLandmark {
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
 * @returns {Matrix}
 */
export function cropTransform(faces, face, scale, inputSize) {
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
export function extentOf(points, matrix, count) {
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
