/** The pixels of a video frame, without the graphics processor where the browser can do without. */

/** @import { Picture } from "../types.js" */

/**
 * @typedef {object} Pixels
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray} rgba (height, width, 4), until the next picture is read
 */

/** @returns {(picture: Picture) => Promise<Pixels>} a reader with buffers of its own */
export function pixelReader() {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!context) throw new Error("this browser gives workers no canvas");
  let rgba = new Uint8ClampedArray(0);
  return async (picture) => {
    const [width, height] = "copyTo" in picture
      ? [picture.displayWidth, picture.displayHeight]
      : [picture.width, picture.height];
    if (isCopied(picture)) {
      if (rgba.length !== 4 * width * height) rgba = new Uint8ClampedArray(4 * width * height);
      await picture.copyTo(rgba, { format: "RGBA" });
      return { width, height, rgba };
    }
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    context.drawImage(picture, 0, 0);
    return { width, height, rgba: context.getImageData(0, 0, width, height).data };
  };
}

/**
 * Whether the pixels can be copied as they are shown. A canvas does the same, but in Chromium every
 * frame that it draws leaves a megabyte behind until the next collection of garbage.
 * @param {Picture & {rotation?: number, flip?: boolean}} picture
 * @returns {picture is VideoFrame}
 */
function isCopied(picture) {
  if (!("copyTo" in picture) || picture.rotation || picture.flip) return false;
  const { displayWidth, displayHeight, visibleRect } = picture;
  if (visibleRect?.width !== displayWidth || visibleRect.height !== displayHeight) return false;
  try {
    // Browsers that know no conversion leave the format out, and tell the size of another one.
    return picture.allocationSize({ format: "RGBA" }) === 4 * displayWidth * displayHeight;
  } catch {
    return false;
  }
}
