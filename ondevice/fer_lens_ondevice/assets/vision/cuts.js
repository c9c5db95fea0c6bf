/** Where another scene begins, as `fer.video.scene_cuts`. */

import { resizeArea } from "./resize.js";
import { cropped, toGrey } from "./image.js";

/** @import { CutConstants, Image } from "./types.js" */

/** Tells from one frame after the other where another scene begins. */
export class SceneCuts {
  /** @param {CutConstants} constants */
  constructor(constants) {
    this.constants = constants;
    /**
     * The last two frames of this scene.
     * @type {{seconds: number, thumbnail: Image}[]}
     */
    this.recent = [];
  }

  /**
   * Return whether another scene begins with this frame.
   * @param {Image} image
   * @param {number} seconds  if they go back, another stream begins: not a cut
   */
  isCut(image, seconds) {
    const { width, height, emptyDeviation } = this.constants;
    const thumbnail = toGrey(resizeArea(image, width, height));
    if (deviation(thumbnail) < emptyDeviation) return false;
    const last = this.recent.at(-1);
    if (last && seconds < last.seconds) this.recent = [];
    const isCut = this.differs(thumbnail, seconds);
    const before = isCut ? [] : this.recent.slice(-1);
    this.recent = [...before, { seconds, thumbnail }];
    return isCut;
  }

  /** @param {Image} thumbnail @param {number} seconds */
  differs(thumbnail, seconds) {
    const { constants } = this;
    const [before] = this.recent;
    const last = this.recent.at(-1);
    if (!before || !last) return false;
    if (!isSameScene(last.thumbnail, thumbnail, seconds - last.seconds, constants)) return true;
    const gap = seconds - before.seconds;
    if (gap > constants.longGap) return false;
    if (isSameScene(before.thumbnail, thumbnail, gap, constants)) return false;
    const mean = meanOf(before.thumbnail, thumbnail);
    return correlation(last.thumbnail, 0, 0, mean) >= constants.mixed;
  }
}

/**
 * Return whether two frames, so many seconds apart, show the same scene.
 * @param {Image} one @param {Image} other @param {number} gap @param {CutConstants} constants
 */
function isSameScene(one, other, gap, constants) {
  if (correlation(one, 0, 0, other) >= constants.sameFrame) return true;
  return isFound(one, other, gap, constants) || isFound(other, one, gap, constants);
}

/**
 * Return whether the middle of a frame is somewhere in another one: first where it was, which is
 * enough while the camera stands still.
 * @param {Image} frame @param {Image} other @param {number} gap @param {CutConstants} constants
 */
function isFound(frame, other, gap, constants) {
  const { width, height, sameScene } = constants;
  const isLong = gap > constants.longGap;
  const movesX = isLong ? constants.farMovesX : constants.movesX;
  const movesY = isLong ? constants.farMovesY : constants.movesY;
  const middle = cropped(other, movesX, movesY, width - movesX, height - movesY);
  if (correlation(frame, movesX, movesY, middle) >= sameScene) return true;
  for (let y = 0; y <= 2 * movesY; y++) {
    for (let x = 0; x <= 2 * movesX; x++) {
      if (correlation(frame, x, y, middle) >= sameScene) return true;
    }
  }
  return false;
}

/** Return the mean of two thumbnails, rounded down. @param {Image} one @param {Image} other */
function meanOf(one, other) {
  const data = Uint8Array.from(one.data, (level, i) => (level + other.data[i]) >> 1);
  return { ...one, data };
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
