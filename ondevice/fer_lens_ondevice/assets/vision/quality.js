/** What is wrong with a face's picture: small, blurred, dark, turned; as `fer.quality`. */

import { resizeArea } from "./resize.js";
import { boxSide, rint } from "./geometry.js";
import { toGrey } from "./image.js";

/** @import { Image, QualityConstants } from "./types.js" */
/** @typedef {{side: number, sharpness: number, light: number, yaw: number}} Quality */

/**
 * Measure the quality of one face's picture.
 * @param {Float32Array} box  (4) in pixels
 * @param {Float32Array} points  (6, 2)
 * @param {Image} crop  the aligned face
 * @param {QualityConstants} constants
 * @returns {Quality}
 */
export function measure(box, points, crop, constants) {
  const grey = greyCrop(crop, constants.cropSide);
  return {
    side: boxSide(box, 0),
    sharpness: sharpness(grey, constants),
    light: light(grey, constants),
    yaw: yaw(points),
  };
}

/**
 * Return whether a face has each issue.
 * @param {Quality} quality @param {QualityConstants} constants
 * @returns {boolean[]}
 */
export function issuesOf({ side, sharpness, light, yaw }, constants) {
  const small = side < constants.minSide;
  // Enlarging blurs a small face, so it is marked as small only.
  const blurred = Math.fround(sharpness) < constants.minSharpness && !small;
  return [small, blurred, light < constants.minLight, yaw > constants.maxYaw];
}

/**
 * Return the unsigned yaw of a face: 0 is frontal, at 1 the nose is below an eye.
 * @param {Float32Array} points  (6, 2)
 */
export function yaw(points) {
  const [x, y] = [points[2] - points[0], points[3] - points[1]];
  const u = points[4] - (points[2] + points[0]) / 2;
  const v = points[5] - (points[3] + points[1]) / 2;
  // In full profile the eyes coincide. That is the largest yaw, not an error.
  return Math.abs((2 * (u * x + v * y)) / Math.max(x * x + y * y, 1e-6));
}

/**
 * Return a crop's grey levels in the size in which it is measured.
 * @param {Image} crop @param {number} side
 */
export function greyCrop(crop, side) {
  const grey = toGrey(crop);
  return grey.width === side ? grey : resizeArea(grey, side, side);
}

/**
 * Return the least ratio, over some directions, of fine-detail to coarse-detail energy.
 * @param {Image} grey @param {QualityConstants} constants
 */
export function sharpness(grey, constants) {
  const [fineWeights, coarseWeights] = [constants.fineSigma, constants.coarseSigma];
  const reach = rint(3 * Math.max(fineWeights, coarseWeights));
  const wide = mirrored(grey, reach);
  let least = Infinity;
  for (const [right, down] of constants.directions) {
    const length = Math.hypot(right, down);
    const step = down * wide.side + right;
    const soft = along(wide, step, lineKernel(fineWeights, length), constants);
    const softer = along(wide, step, lineKernel(coarseWeights, length), constants);
    const sharp = along(wide, step, Float64Array.of(1), constants);
    const [fine, coarse] = [variance(sharp, soft), variance(soft, softer)];
    const floor = constants.energyFloor;
    least = Math.min(least, (fine + floor * constants.minSharpness) / (coarse + floor));
  }
  return least;
}

/**
 * Return a percentile of the grey levels in the face, between two of them if it falls there.
 * @param {Image} grey @param {QualityConstants} constants
 */
export function light(grey, { rows, columns, lightPercentile }) {
  const levels = new Uint8Array((rows[1] - rows[0]) * (columns[1] - columns[0]));
  for (let y = rows[0], k = 0; y < rows[1]; y++) {
    for (let x = columns[0]; x < columns[1]; x++) {
      levels[k++] = grey.data[grey.offset + y * grey.stride + x];
    }
  }
  levels.sort();
  const place = ((levels.length - 1) * lightPercentile) / 100;
  const low = Math.floor(place);
  const next = Math.min(low + 1, levels.length - 1);
  return levels[low] + (levels[next] - levels[low]) * (place - low);
}

/**
 * Return a normalised Gaussian along a line.
 * @param {number} sigma  in pixels
 * @param {number} length  of a step along the line, in pixels
 */
function lineKernel(sigma, length) {
  const reach = rint(3 * sigma);
  const weights = new Float64Array(2 * reach + 1);
  for (let i = -reach; i <= reach; i++) weights[reach + i] = Math.exp(-(((i * length) / sigma) ** 2) / 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** @typedef {{levels: Float64Array, side: number, reach: number}} Wide */

/**
 * Return grey levels with a border that mirrors them, without the outermost (BORDER_REFLECT_101).
 * @param {Image} grey @param {number} reach  width of the border @returns {Wide}
 */
function mirrored(grey, reach) {
  const side = grey.width + 2 * reach;
  const levels = new Float64Array(side * side);
  const last = grey.width - 1;
  const places = Int32Array.from({ length: side }, (_, i) => last - Math.abs(last - Math.abs(i - reach)));
  for (let y = 0, k = 0; y < side; y++) {
    const row = grey.offset + places[y] * grey.stride;
    for (let x = 0; x < side; x++) levels[k++] = grey.data[row + places[x]];
  }
  return { levels, side, reach };
}

/**
 * Return the inside of a face, filtered along a line.
 * @param {Wide} wide @param {number} step  along the line, in values of `wide`
 * @param {Float64Array} kernel  the same in both directions
 * @param {QualityConstants} constants
 */
function along({ levels, side, reach }, step, kernel, { rows, columns }) {
  const [height, width] = [rows[1] - rows[0], columns[1] - columns[0]];
  const out = new Float64Array(height * width);
  const middle = kernel.length >> 1;
  const first = (rows[0] + reach) * side + columns[0] + reach;
  for (let i = 0; i <= middle; i++) {
    // The middle is its own opposite.
    const weight = i ? kernel[middle + i] : kernel[middle] / 2;
    for (let y = 0, k = 0; y < height; y++) {
      let one = first + y * side + i * step;
      let other = first + y * side - i * step;
      for (const end = k + width; k < end; k++) out[k] += weight * (levels[one++] + levels[other++]);
    }
  }
  return out;
}

/** Return the variance of a difference. @param {Float64Array} a @param {Float64Array} b */
function variance(a, b) {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] - b[i];
    sum += difference;
    squares += difference * difference;
  }
  return squares / a.length - (sum / a.length) ** 2;
}
