/** How people look, by colours around their faces, as `fer.tracking.observation`. */

import { clamp } from "./geometry.js";

/** @import { AppearanceConstants, Image } from "./types.js" */

/** Return the logarithm of each value of a pixel. @param {number} dark  added before */
export function logarithms(dark) {
  return Float32Array.from({ length: 256 }, (_, i) => Math.log(i + dark));
}

/**
 * Write lightness, red against green, and yellow against blue of a pixel.
 * @param {Image} image @param {number} x @param {number} y @param {Float32Array} table
 * @param {Float32Array} to @param {number} k  where to write
 */
function writeColour(image, x, y, table, to, k) {
  const i = image.offset + y * image.stride + x * image.channels;
  const red = table[image.data[i]];
  const green = table[image.data[i + 1]];
  const blue = table[image.data[i + 2]];
  to[k] = (red + green + blue) / 3;
  to[k + 1] = red - green;
  to[k + 2] = (red + green) / 2 - blue;
}

/** Follows the light of a stream. */
export class Light {
  /** @param {AppearanceConstants} constants */
  constructor(constants) {
    const count = constants.lightPoints[0] * constants.lightPoints[1];
    this.constants = constants;
    this.table = logarithms(constants.dark);
    this.colours = new Float32Array(3 * count);
    this.last = new Float32Array(3 * count);
    this.steps = new Float32Array(count);
    /** @type {Float32Array | null} */
    this.light = null;
  }

  /**
   * Return the colour of the light in the next frame.
   * @param {Image} image
   * @returns {Float32Array}  (3)
   */
  next(image) {
    this.look(image);
    const light = this.light ?? new Float32Array(3);
    for (let c = 0; c < 3; c++) light[c] += this.light ? this.change(c) : this.mean(c);
    this.light = light;
    [this.last, this.colours] = [this.colours, this.last];
    return light;
  }

  /** @param {Image} image */
  look(image) {
    const [rows, columns] = this.constants.lightPoints;
    for (let j = 0, k = 0; j < rows; j++) {
      const y = Math.trunc(((j + 0.5) * image.height) / rows);
      for (let i = 0; i < columns; i++, k += 3) {
        const x = Math.trunc(((i + 0.5) * image.width) / columns);
        writeColour(image, x, y, this.table, this.colours, k);
      }
    }
  }

  /** @param {number} c */
  mean(c) {
    let sum = 0;
    for (let k = c; k < this.colours.length; k += 3) sum += this.colours[k];
    return sum / this.steps.length;
  }

  /** Return the median change of a colour since the last frame. @param {number} c */
  change(c) {
    const { steps } = this;
    for (let i = 0, k = c; i < steps.length; i++, k += 3) {
      steps[i] = this.colours[k] - this.last[k];
    }
    steps.sort();
    const half = steps.length >> 1;
    return steps.length % 2 ? steps[half] : (steps[half - 1] + steps[half]) / 2;
  }
}

/**
 * Describe people.
 * @param {Image} image
 * @param {Float32Array} boxes  (n, 4) of their faces
 * @param {Float32Array} light  (3), see `Light`
 * @param {AppearanceConstants} constants
 * @returns {{colours: Float32Array, visible: Float32Array}}  (n, regions, bins) square roots of
 *   histograms, and (n, regions) share of each region that is inside the picture
 */
export function appearanceOf(image, boxes, light, constants) {
  const { regions, points } = constants;
  const table = logarithms(constants.dark);
  const bins = constants.lightBins + constants.colourBins ** 2;
  const groups = (boxes.length / 4) * regions.length;
  const colours = new Float32Array(groups * bins);
  const visible = new Float32Array(groups);
  const colour = new Float32Array(3);
  for (let g = 0; g < groups; g++) {
    const places = pointsOf(boxes, Math.floor(g / regions.length), regions[g % regions.length], points);
    const histogram = colours.subarray(g * bins, (g + 1) * bins);
    let seen = 0;
    for (const y of places.rows) {
      for (const x of places.columns) {
        if (x < 0 || x >= image.width || y < 0 || y >= image.height) continue;
        writeColour(image, x, y, table, colour, 0);
        count(colour, light, histogram, constants);
        seen++;
      }
    }
    // Lightness counts as much as colour: each half sums to one half.
    for (let k = 0; k < bins; k++) histogram[k] = Math.sqrt(histogram[k] / Math.max(2 * seen, 1e-6));
    visible[g] = seen / points ** 2;
  }
  return { colours, visible };
}

/**
 * Return the columns and rows of the points of a region of a face.
 * @param {Float32Array} boxes @param {number} face @param {number[]} region @param {number} points
 */
function pointsOf(boxes, face, region, points) {
  const f = Math.fround;
  const [left, top, right, bottom] = boxes.subarray(4 * face, 4 * face + 4);
  const side = f(Math.max(f(right - left), f(bottom - top), 1));
  const [x, y] = [f(f(left + right) / 2), f(f(top + bottom) / 2)];
  /** @param {number} middle @param {number} low @param {number} high */
  const along = (middle, low, high) =>
    Int32Array.from({ length: points }, (_, i) => {
      const share = f(low + f(f(high - low) * f(f(i + 0.5) / points)));
      return Math.floor(f(middle + f(side * share)));
    });
  return { columns: along(x, region[0], region[2]), rows: along(y, region[1], region[3]) };
}

/**
 * Count a colour in a soft histogram: between two bins it counts for both.
 * @param {Float32Array} colour @param {Float32Array} light @param {Float32Array} histogram
 * @param {AppearanceConstants} constants
 */
function count(colour, light, histogram, { lightBins, colourBins, lightRange, colourRange }) {
  const bright = place(colour[0] - light[0], lightRange, lightBins);
  const red = place(colour[1] - light[1], colourRange, colourBins);
  const yellow = place(colour[2] - light[2], colourRange, colourBins);
  const [i, r, y] = [Math.floor(bright), Math.floor(red), Math.floor(yellow)];
  const [p, q, s] = [bright - i, red - r, yellow - y];
  histogram[i] += 1 - p;
  histogram[i + 1] += p;
  const k = lightBins + r * colourBins + y;
  histogram[k] += (1 - q) * (1 - s);
  histogram[k + 1] += (1 - q) * s;
  histogram[k + colourBins] += q * (1 - s);
  histogram[k + colourBins + 1] += q * s;
}

/** @param {number} value @param {number} range @param {number} bins */
function place(value, range, bins) {
  return clamp((value / (2 * range) + 0.5) * (bins - 1), 0, bins - 1.001);
}
