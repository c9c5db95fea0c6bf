/** Where another scene begins, as `fer.video.scene_cuts`. */

import { resizeArea } from "./resize.js";
import { cropped, toGrey } from "./image.js";

/** @import { CutConstants, Image } from "./types.js" */

/** Tells from one frame after the other where another scene begins. */
export class SceneCuts {
  /** @param {CutConstants} constants */
  constructor(constants) {
    this.constants = constants;
    /** @type {Image | null} */
    this.last = null;
  }

  /** Return whether another scene begins with this frame. @param {Image} image */
  isCut(image) {
    const { width, height, emptyDeviation } = this.constants;
    const thumbnail = toGrey(resizeArea(image, width, height));
    if (deviation(thumbnail) < emptyDeviation) return false;
    const { last } = this;
    this.last = thumbnail;
    const found = (/** @type {Image} */ one, /** @type {Image} */ other) =>
      isFound(one, other, this.constants);
    return last !== null && !found(last, thumbnail) && !found(thumbnail, last);
  }
}

/**
 * Return whether the middle of a frame is somewhere in another one: first where it was, which is
 * enough while the camera stands still.
 * @param {Image} frame @param {Image} other @param {CutConstants} constants
 */
function isFound(frame, other, constants) {
  const { width, height, movesX, movesY } = constants;
  const middle = cropped(other, movesX, movesY, width - movesX, height - movesY);
  if (correlation(frame, movesX, movesY, middle) >= constants.sameScene) return true;
  for (let y = 0; y <= 2 * movesY; y++) {
    for (let x = 0; x <= 2 * movesX; x++) {
      if (correlation(frame, x, y, middle) >= constants.sameScene) return true;
    }
  }
  return false;
}

/**
 * Return the correlation of a part of a frame with a picture, -1 to 1 (cv2.TM_CCOEFF_NORMED).
 * @param {Image} frame @param {number} x  where the part begins @param {number} y
 * @param {Image} picture
 */
function correlation(frame, x, y, picture) {
  let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let row = 0; row < picture.height; row++) {
    let i = frame.offset + (y + row) * frame.stride + x;
    let k = picture.offset + row * picture.stride;
    for (const end = k + picture.width; k < end; i++, k++) {
      const here = frame.data[i];
      const there = picture.data[k];
      a += here;
      b += there;
      aa += here * here;
      bb += there * there;
      ab += here * there;
    }
  }
  const pixels = picture.width * picture.height;
  const [spread, spreadThere] = [pixels * aa - a * a, pixels * bb - b * b];
  if (spreadThere === 0) return 1; // as OpenCV has it: what is even is found everywhere
  return spread > 0 ? (pixels * ab - a * b) / Math.sqrt(spread * spreadThere) : 0;
}

/** Return the standard deviation of a picture's grey levels. @param {Image} grey */
function deviation({ data }) {
  const mean = data.reduce((sum, level) => sum + level, 0) / data.length;
  return Math.sqrt(data.reduce((sum, level) => sum + (level - mean) ** 2, 0) / data.length);
}
