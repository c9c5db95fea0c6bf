/** What a camera gives, before it is analysed; as `app.live.streaming.frames`. */

import { rint } from "./geometry.js";
import { Places } from "./image.js";
import { resizeArea, resizeLinear } from "./resize.js";

/** @import { FrameConstants, Image } from "./types.js" */

/**
 * Resize so that the longer side has the length at which frames are analysed.
 * @param {Image} image @param {FrameConstants} constants
 * @param {Places} places  for the picture
 * @returns {Image}
 */
export function workingSize(image, { workingSide }, places = new Places()) {
  const scale = workingSide / Math.max(image.width, image.height);
  const [width, height] = [even(image.width * scale), even(image.height * scale)];
  if (width === image.width && height === image.height) return image;
  const data = places.of("working size", width * height * 4);
  return (scale < 1 ? resizeArea : resizeLinear)(image, width, height, data);
}

/** @param {number} side */
function even(side) {
  return Math.max(2, 2 * rint(side / 2));
}

/**
 * Return whether a frame is as black as those that a browser sends for a camera that is off.
 * @param {Image} image @param {FrameConstants} constants
 */
export function cameraIsOff(image, constants) {
  const pixels = image.width * image.height;
  const { data, channels } = image;
  let sum = 0;
  for (let i = 0; i < pixels * channels; i += channels) {
    if (Math.max(data[i], data[i + 1], data[i + 2]) > constants.offHighest) return false;
    sum += data[i] + data[i + 1] + data[i + 2];
  }
  return sum / (3 * pixels) < constants.offMean;
}
