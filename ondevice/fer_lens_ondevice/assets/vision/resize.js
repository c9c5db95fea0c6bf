/** OpenCV's resizing of pictures of bytes, bilinear and by area, rounding included. */

import { rint } from "./geometry.js";
import { coloursOf, imageOf } from "./image.js";

/** @import { Image } from "./types.js" */

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

/** @param {number} from  pixels of the side @param {number} to @returns {Neighbours} */
function neighbours(from, to) {
  const all = emptyNeighbours(to);
  for (let i = 0; i < to; i++) {
    const place = Math.fround(((i + 0.5) * from) / to - 0.5);
    const low = Math.floor(place);
    fill(all, i, low, low < 0 || low >= from - 1 ? 0 : place - low, from);
  }
  return all;
}

/** @param {number} from  pixels of the side @param {number} to @returns {Neighbours} */
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

/** Part of a pixel that OpenCV leaves out. */
const LEAST = 1e-3;

/**
 * For each new position of a side: the first old one in it, and where the weights begin of this and
 * the following ones.
 *
 * @typedef {{first: Int32Array, start: Int32Array, weight: Float32Array}} Parts
 */

/**
 * Resize with area averaging (cv2.INTER_AREA), which loses no pixel of a larger picture. An alpha
 * may stay.
 * @param {Image} image @param {number} width @param {number} height
 * @param {Uint8Array} [data]  where to put it, with room for an alpha
 * @returns {Image}
 */
export function resizeArea(image, width, height, data) {
  // OpenCV enlarges both sides if it has to enlarge one: it repeats pixels and blends at borders.
  if (width > image.width || height > image.height) {
    return interpolated(image, width, height, areaNeighbours, data);
  }
  if (image.width === 2 * width && image.height === 2 * height) {
    return image.channels === 4 ? halvedWithAlpha(image, data) : halved(image, data);
  }
  return averaged(image, width, height, data);
}

/** @param {Image} image @param {Uint8Array} [data] */
function halved(image, data) {
  const { data: from, channels, stride } = image;
  const colours = coloursOf(image);
  const out = imageOf(image.width >> 1, image.height >> 1, colours, data);
  const to = out.data;
  for (let y = 0, k = 0; y < out.height; y++) {
    let i = image.offset + 2 * y * stride;
    for (let x = 0; x < out.width; x++, i += 2 * channels) {
      for (let c = i; c < i + colours; c++) {
        const right = c + channels;
        to[k++] = (from[c] + from[right] + from[c + stride] + from[right + stride] + 2) >> 2;
      }
    }
  }
  return out;
}

/** The first and the third byte of four. */
const ODD = 0x00ff00ff;

/**
 * Halve all four bytes of a pixel at once; a frame of a camera is halved three times as fast so.
 * @param {Image} image @param {Uint8Array} [data]
 */
function halvedWithAlpha(image, data) {
  const out = imageOf(image.width >> 1, image.height >> 1, 4, data);
  const [from, to] = [wordsOf(image.data), wordsOf(out.data)];
  const row = image.stride >> 2;
  for (let y = 0, k = 0; y < out.height; y++) {
    let i = (image.offset >> 2) + 2 * y * row;
    for (let x = 0; x < out.width; x++, i += 2, k++) {
      const a = from[i];
      const b = from[i + 1];
      const c = from[i + row];
      const d = from[i + row + 1];
      const odd = (a & ODD) + (b & ODD) + (c & ODD) + (d & ODD) + 0x00020002;
      const even = ((a >>> 8) & ODD) + ((b >>> 8) & ODD) + ((c >>> 8) & ODD) + ((d >>> 8) & ODD);
      to[k] = ((odd >>> 2) & ODD) | ((((even + 0x00020002) >>> 2) & ODD) << 8);
    }
  }
  return out;
}

/** Return bytes as numbers of four. @param {Uint8Array} data */
function wordsOf(data) {
  return new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
}

/** @param {Image} image @param {number} width @param {number} height @param {Uint8Array} [data] */
function averaged(image, width, height, data) {
  const out = imageOf(width, height, coloursOf(image), data);
  // Bytes that are clamped are rounded to the nearest even number, as OpenCV does.
  const bytes = new Uint8ClampedArray(out.data.buffer, out.data.byteOffset, height * out.stride);
  const columns = parts(image.width, width);
  const rows = parts(image.height, height);
  const average = image.channels === 1 ? averageGrey : averageColours;
  const [row, sum] = [new Float32Array(out.stride), new Float32Array(out.stride)];
  for (let y = 0, last = -1; y < height; y++) {
    sum.fill(0);
    for (let j = rows.start[y], from = rows.first[y]; j < rows.start[y + 1]; j++, from++) {
      if (from !== last) average(image, from, columns, row);
      last = from;
      addRow(row, rows.weight[j], sum);
    }
    bytes.set(sum, y * out.stride);
  }
  return out;
}

/** @param {Float32Array} row @param {number} weight @param {Float32Array} sum */
function addRow(row, weight, sum) {
  for (let k = 0; k < sum.length; k++) sum[k] += weight * row[k];
}

/** @param {Image} image @param {number} y @param {Parts} columns @param {Float32Array} to */
function averageColours({ data, offset, stride, channels }, y, { first, start, weight }, to) {
  const row = offset + y * stride;
  for (let x = 0, k = 0; x < first.length; x++, k += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let j = start[x], i = row + first[x] * channels; j < start[x + 1]; j++, i += channels) {
      red += weight[j] * data[i];
      green += weight[j] * data[i + 1];
      blue += weight[j] * data[i + 2];
    }
    to[k] = red;
    to[k + 1] = green;
    to[k + 2] = blue;
  }
}

/** @param {Image} image @param {number} y @param {Parts} columns @param {Float32Array} to */
function averageGrey({ data, offset, stride }, y, { first, start, weight }, to) {
  const row = offset + y * stride;
  for (let x = 0; x < first.length; x++) {
    let sum = 0;
    for (let j = start[x], i = row + first[x]; j < start[x + 1]; j++, i++) sum += weight[j] * data[i];
    to[x] = sum;
  }
}

/** @param {number} from  pixels of the side @param {number} to @returns {Parts} */
function parts(from, to) {
  const scale = from / to;
  const [first, start] = [new Int32Array(to), new Int32Array(to + 1)];
  /** @type {number[]} */
  const weight = [];
  for (let i = 0; i < to; i++) {
    const [low, high] = [i * scale, Math.min((i + 1) * scale, from)];
    first[i] = Math.floor(low + LEAST);
    for (let k = first[i]; k < high - LEAST; k++) {
      weight.push((Math.min(k + 1, high) - Math.max(k, low)) / Math.min(scale, from - low));
    }
    start[i + 1] = weight.length;
  }
  return { first, start, weight: Float32Array.from(weight) };
}
