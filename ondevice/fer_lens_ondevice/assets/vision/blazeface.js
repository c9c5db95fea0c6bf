/** Face detection with BlazeFace, as `fer.detection.blazeface` with `fitted=True`. */

import { emptyDetections, rint, weightedNms } from "./geometry.js";
import { Places } from "./image.js";
import { resizeArea, resizeLinear } from "./resize.js";

/** @import { BlazeFaceConstants, Detections, Image } from "./types.js" */

/** Detects faces in one pass; keeps what it needs for frames of one shape. */
export class BlazeFace {
  /** @param {import("../types.js").Run["detector"]} run @param {BlazeFaceConstants} constants */
  constructor(run, constants) {
    this.run = run;
    this.constants = constants;
    /** @type {number[]} */
    this.canvas = [0, 0];
    this.values = new Float32Array(0);
    this.anchors = new Float32Array(0);
    this.places = new Places();
  }

  /** Return the faces of a picture, highest score first. @param {Image} image  RGB */
  async detect(image) {
    const { image: small, scale } = scaled(image, this.constants.inputSize, this.places);
    this.fit(canvasOf(small, this.constants));
    fillInput(small, this.canvas, this.constants.pixelRange, this.values);
    const [boxes, logits] = await this.run(this.canvas.join("x"), this.values);
    const found = decode(boxes, logits, this.anchors, this.constants);
    const faces = weightedNms(found, this.constants.sameFaceIou);
    for (let i = 0; i < faces.boxes.length; i++) faces.boxes[i] /= scale;
    for (let i = 0; i < faces.points.length; i++) faces.points[i] /= scale;
    return faces;
  }

  /** @param {number[]} canvas */
  fit(canvas) {
    if (canvas[0] === this.canvas[0] && canvas[1] === this.canvas[1]) return;
    this.canvas = canvas;
    this.values = new Float32Array(canvas[0] * canvas[1] * 3);
    this.anchors = anchorsOf(canvas, this.constants);
  }
}

/**
 * Return a picture with `side` as its longer side, and the scale factor. It is halved as often as
 * that goes, then resized by less than half.
 * @param {Image} image @param {number} side
 * @param {Places} places  for the pictures on the way
 * @returns {{image: Image, scale: number}}
 */
export function scaled(image, side, places = new Places()) {
  const scale = side / Math.max(image.width, image.height);
  const width = Math.max(1, rint(image.width * scale));
  const height = Math.max(1, rint(image.height * scale));
  let left = image;
  while (Math.max(left.width, left.height) >= 2 * side && Math.min(left.width, left.height) >= 2) {
    const [half, rows] = [left.width >> 1, left.height >> 1];
    left = resizeArea(left, half, rows, places.of(`1/${half}`, half * rows * 4));
  }
  return { image: resizeLinear(left, width, height, places.of("last", width * height * 3)), scale };
}

/**
 * Return rows and columns of the smallest input of the network that holds a picture.
 * @param {{width: number, height: number}} image @param {BlazeFaceConstants} constants
 * @returns {number[]}
 */
export function canvasOf(image, { stride, minCanvasSide }) {
  return [image.height, image.width].map((side) =>
    Math.max(Math.ceil(side / stride) * stride, minCanvasSide),
  );
}

/**
 * Fill the network's input with a picture, padded right and below.
 * @param {Image} image  small enough for the canvas
 * @param {number[]} canvas  rows and columns
 * @param {number} pixelRange  half the range of a pixel's values
 * @param {Float32Array} values  where to put it
 */
export function fillInput(image, canvas, pixelRange, values) {
  const level = Float32Array.from({ length: 256 }, (_, i) => i * Math.fround(1 / pixelRange) - 1);
  const row = canvas[1] * 3;
  values.fill(-1);
  for (let y = 0; y < image.height; y++) {
    const from = image.offset + y * image.stride;
    for (let k = 0; k < image.width * 3; k++) values[y * row + k] = level[image.data[from + k]];
  }
  return values;
}

/**
 * Return the anchor centres to which boxes are relative, (n, 2) in input pixels.
 * @param {number[]} canvas  rows and columns
 * @param {BlazeFaceConstants} constants
 */
export function anchorsOf([rows, columns], { anchorGrids, inputSize }) {
  /** @type {number[]} */
  const places = [];
  for (const [cells, boxes] of anchorGrids) {
    const pitch = Math.floor(inputSize / cells);
    for (let y = 0; y < Math.floor(rows / pitch); y++) {
      for (let x = 0; x < Math.floor(columns / pitch); x++) {
        for (let b = 0; b < boxes; b++) places.push((x + 0.5) * pitch, (y + 0.5) * pitch);
      }
    }
  }
  return Float32Array.from(places);
}

/**
 * Decode the network's raw outputs into detections in input pixels.
 * @param {Float32Array} boxes  (n, 16): centre, size, then six points, relative to the anchor
 * @param {Float32Array} logits  (n) scores before the sigmoid
 * @param {Float32Array} anchors  (n, 2)
 * @param {BlazeFaceConstants} constants
 * @returns {Detections}
 */
export function decode(boxes, logits, anchors, { minScore, landmarks }) {
  const least = Math.log(minScore / (1 - minScore));
  /** @type {number[]} */
  const kept = [];
  for (let i = 0; i < logits.length; i++) if (logits[i] >= least) kept.push(i);
  const found = emptyDetections(kept.length, landmarks);
  const size = 4 + 2 * landmarks;
  kept.forEach((from, i) => {
    const [x, y] = [anchors[2 * from], anchors[2 * from + 1]];
    const raw = boxes.subarray(from * size, (from + 1) * size);
    const [u, v] = [raw[0] + x, raw[1] + y];
    found.boxes.set([u - raw[2] / 2, v - raw[3] / 2, u + raw[2] / 2, v + raw[3] / 2], 4 * i);
    found.scores[i] = 1 / (1 + Math.exp(-logits[from]));
    for (let k = 0; k < 2 * landmarks; k++) {
      found.points[2 * landmarks * i + k] = raw[4 + k] + (k % 2 ? y : x);
    }
  });
  return found;
}
