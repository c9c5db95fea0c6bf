/** Crop faces rotated upright and framed as in the training images, as `fer.alignment`. */

import { resizeArea } from "./resize.js";
import { boxSide, clamp, inverted, rint, similarity, transformed } from "./geometry.js";
import { cropped, imageOf } from "./image.js";

/** @import { Framing, Image, Matrix } from "./types.js" */

/**
 * Return the similarity transform that maps a face into the frame; rotation from the points,
 * position and scale from the box.
 * @param {Float32Array} points  (6, 2)
 * @param {Float32Array} box  (4)
 * @param {Framing} framing
 * @returns {Matrix}
 */
export function frameTransform(points, box, framing) {
  const fit = similarity(points, framing.points.flat()) ?? [1, 0, 0, 0, 1, 0];
  const length = Math.max(Math.hypot(fit[0], fit[3]), 1e-9);
  const scale = framing.boxSide / Math.max(boxSide(box, 0), 1) / length;
  const [cosine, sine] = [fit[0] * scale, fit[3] * scale];
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const [u, v] = framing.boxCentre;
  return [cosine, -sine, u - cosine * x + sine * y, sine, cosine, v - sine * x - cosine * y];
}

/**
 * Crop one face as the network sees it.
 * @param {Image} image
 * @param {Float32Array} points  (6, 2)
 * @param {Float32Array} box  (4)
 * @param {Framing} framing
 * @param {number} size  side of the crop
 * @param {number} oversampling  see `warp`
 * @returns {Image}  RGB
 */
export function alignFace(image, points, box, framing, size, oversampling) {
  const scale = size / framing.side;
  const matrix = frameTransform(points, box, framing).map((value) => value * scale);
  return warp(image, matrix, size, oversampling);
}

/**
 * Warp a picture and return the top left square. Large faces are first downscaled by area
 * averaging.
 * @param {Image} image
 * @param {Matrix} matrix  similarity from pixels of the picture to pixels of the crop
 * @param {number} size  side of the crop
 * @param {number} oversampling  see `fer.alignment.OVERSAMPLING`
 * @param {Uint8Array} [data]  where to put it
 * @returns {Image}
 */
export function warp(image, matrix, size, oversampling, data) {
  const [x0, y0, x1, y1] = reached(image, matrix, size);
  const part = cropped(image, x0, y0, x1, y1);
  const scale = Math.hypot(matrix[0], matrix[3]) * oversampling;
  const smaller = (/** @type {number} */ side) => Math.max(rint(side * scale), 1);
  const reduced = scale < 1 ? resizeArea(part, smaller(part.width), smaller(part.height)) : part;
  const [across, down] = [part.width / reduced.width, part.height / reduced.height];
  const [a, b, c, d] = [matrix[0] * across, matrix[1] * down, matrix[3] * across, matrix[4] * down];
  // OpenCV, and so the sampling, puts (0, 0) at a pixel's centre.
  const [u, v] = transformed(matrix, x0, y0);
  const local = [a, b, u + (a + b) / 2 - 0.5, c, d, v + (c + d) / 2 - 0.5];
  return sampled(reduced, inverted(local), size, data);
}

/**
 * Return the part of a picture that a crop shows, and two pixels around it.
 * @param {Image} image @param {Matrix} matrix @param {number} size
 */
function reached(image, matrix, size) {
  const inverse = inverted(matrix);
  const corners = [[0, 0], [size, 0], [0, size], [size, size]];
  const places = corners.map(([x, y]) => transformed(inverse, x, y));
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  const x0 = clamp(Math.floor(Math.min(...xs)) - 2, 0, image.width - 1);
  const y0 = clamp(Math.floor(Math.min(...ys)) - 2, 0, image.height - 1);
  const x1 = clamp(Math.ceil(Math.max(...xs)) + 2, x0 + 1, image.width);
  const y1 = clamp(Math.ceil(Math.max(...ys)) + 2, y0 + 1, image.height);
  return [x0, y0, x1, y1];
}

/**
 * Sample an RGB picture bilinearly; its border is replicated.
 * @param {Image} image @param {Matrix} places  from the crop's pixels to the picture's
 * @param {number} size @param {Uint8Array} [data]
 */
function sampled(image, places, size, data) {
  const out = imageOf(size, size, 3, data);
  // Bytes that are clamped are rounded to the nearest even number, as OpenCV does.
  const to = new Uint8ClampedArray(out.data.buffer, out.data.byteOffset, size * size * 3);
  const [a, b, c, d, e, f] = places;
  for (let y = 0, k = 0; y < size; y++) {
    for (let x = 0; x < size; x++, k += 3) {
      sample(image, a * x + b * y + c, d * x + e * y + f, to, k);
    }
  }
  return out;
}

/**
 * @param {Image} image @param {number} x  between the centres of pixels @param {number} y
 * @param {Uint8ClampedArray} to @param {number} k  where to write
 */
function sample({ data, offset, stride, channels, width, height }, x, y, to, k) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const x0 = Math.min(Math.max(left, 0), width - 1) * channels;
  const x1 = Math.min(Math.max(left + 1, 0), width - 1) * channels;
  const upper = offset + Math.min(Math.max(top, 0), height - 1) * stride;
  const lower = offset + Math.min(Math.max(top + 1, 0), height - 1) * stride;
  const right = x - left;
  const below = y - top;
  const p = (1 - right) * (1 - below);
  const q = right * (1 - below);
  const r = (1 - right) * below;
  const s = right * below;
  for (let c = 0; c < 3; c++) {
    const above = p * data[upper + x0 + c] + q * data[upper + x1 + c];
    to[k + c] = above + r * data[lower + x0 + c] + s * data[lower + x1 + c];
  }
}
