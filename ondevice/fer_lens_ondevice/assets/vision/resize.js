/** OpenCV's bilinear resizing of pictures of bytes, rounding included. */

import { rint } from "./geometry.js";
import { coloursOf, imageOf } from "./image.js";

/** @typedef {import("./types.js").Image} Image */

/**
 * The two positions on a side between which each new one lies, and the second one's weight.
 *
 * @typedef {{first: Int32Array, second: Int32Array, weight: Int32Array}} Neighbours
 */

/** OpenCV interpolates rows of bytes with weights of 11 bits. */
const ONE = 2048;

/**
 * Resize with bilinear interpolation (cv2.INTER_LINEAR).
 * @param {Image} image @param {number} width @param {number} height
 * @param {Uint8Array} [data]  where to put it
 * @returns {Image}
 */
export function resizeLinear(image, width, height, data) {
  return interpolated(image, width, height, neighbours, data);
}

/**
 * Enlarge as cv2.INTER_AREA does, which repeats pixels and blends at their borders.
 * @param {Image} image @param {number} width @param {number} height
 * @param {Uint8Array} [data]  where to put it
 * @returns {Image}
 */
export function enlargeArea(image, width, height, data) {
  return interpolated(image, width, height, areaNeighbours, data);
}

/**
 * @param {number} from  pixels of the side
 * @param {number} to
 * @returns {Neighbours}
 */
function neighbours(from, to) {
  const all = emptyNeighbours(to);
  for (let i = 0; i < to; i++) {
    const place = Math.fround(((i + 0.5) * from) / to - 0.5);
    const low = Math.floor(place);
    fill(all, i, low, low < 0 || low >= from - 1 ? 0 : place - low, from);
  }
  return all;
}

/**
 * @param {number} from  pixels of the side
 * @param {number} to
 * @returns {Neighbours}
 */
function areaNeighbours(from, to) {
  const all = emptyNeighbours(to);
  for (let i = 0; i < to; i++) {
    const low = Math.floor((i * from) / to);
    const part = i + 1 - ((low + 1) * to) / from;
    const inside = part > 0 && low < from - 1;
    fill(all, i, low, inside ? Math.fround(part - Math.floor(part)) : 0, from);
  }
  return all;
}

/** @param {number} count @returns {Neighbours} */
function emptyNeighbours(count) {
  return {
    first: new Int32Array(count),
    second: new Int32Array(count),
    weight: new Int32Array(count),
  };
}

/**
 * @param {Neighbours} all @param {number} i @param {number} low @param {number} part
 * @param {number} from
 */
function fill(all, i, low, part, from) {
  all.first[i] = Math.min(Math.max(low, 0), from - 1);
  all.second[i] = Math.min(all.first[i] + 1, from - 1);
  all.weight[i] = rint(part * ONE);
}

/**
 * @param {Image} image @param {number} width @param {number} height
 * @param {(from: number, to: number) => Neighbours} along @param {Uint8Array} [data]
 */
function interpolated(image, width, height, along, data) {
  const out = imageOf(width, height, coloursOf(image), data);
  const columns = along(image.width, width);
  const rows = along(image.height, height);
  let [upper, lower] = [new Int32Array(out.stride), new Int32Array(out.stride)];
  let [upperRow, lowerRow] = [-1, -1];
  for (let y = 0; y < height; y++) {
    const [first, second] = [rows.first[y], rows.second[y]];
    if (first === lowerRow) {
      [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, upperRow];
    }
    if (first !== upperRow) blendRow(image, first, columns, upper);
    if (second !== lowerRow) blendRow(image, second, columns, lower);
    [upperRow, lowerRow] = [first, second];
    blendRows(upper, lower, rows.weight[y], out.data, y * out.stride);
  }
  return out;
}

/** @param {Image} image @param {number} y @param {Neighbours} columns @param {Int32Array} row */
function blendRow(image, y, { first, second, weight }, row) {
  const { data, channels } = image;
  const start = image.offset + y * image.stride;
  for (let x = 0, k = 0; x < weight.length; x++) {
    const share = weight[x];
    const left = start + first[x] * channels;
    const right = start + second[x] * channels;
    row[k] = data[left] * (ONE - share) + data[right] * share;
    k++;
    if (channels === 1) continue;
    row[k] = data[left + 1] * (ONE - share) + data[right + 1] * share;
    row[k + 1] = data[left + 2] * (ONE - share) + data[right + 2] * share;
    k += 2;
  }
}

/**
 * @param {Int32Array} upper @param {Int32Array} lower @param {number} weight  of the lower row
 * @param {Uint8Array} to @param {number} start
 */
function blendRows(upper, lower, weight, to, start) {
  for (let k = 0; k < upper.length; k++) {
    const above = ((ONE - weight) * (upper[k] >> 4)) >> 16;
    to[start + k] = (above + ((weight * (lower[k] >> 4)) >> 16) + 2) >> 2;
  }
}
