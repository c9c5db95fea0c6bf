/** Pictures as arrays of bytes: making, cutting, turning grey. */

/** @import { Image } from "./types.js" */

/**
 * Return a picture of these values, or a black one.
 * @param {number} width @param {number} height
 * @param {number} channels  see `Image`
 * @param {Uint8Array} [data]  at least width × height × channels values
 * @returns {Image}
 */
export function imageOf(width, height, channels, data) {
  const values = data ?? new Uint8Array(width * height * channels);
  return { data: values, width, height, channels, offset: 0, stride: width * channels };
}

/** Places for pictures that every frame needs anew: so that no frame leaves a megabyte behind. */
export class Places {
  constructor() {
    /** @type {Record<string, Uint8Array>} */
    this.kept = {};
  }

  /** Return a place, what is in it is lost. @param {string} name @param {number} size  in bytes */
  of(name, size) {
    if (this.kept[name]?.length !== size) this.kept[name] = new Uint8Array(size);
    return this.kept[name];
  }
}

/**
 * Return a part of a picture, without copying.
 * @param {Image} image @param {number} x0 @param {number} y0
 * @param {number} x1  first column that is not in it
 * @param {number} y1
 * @returns {Image}
 */
export function cropped(image, x0, y0, x1, y1) {
  const offset = image.offset + y0 * image.stride + x0 * image.channels;
  return { ...image, width: x1 - x0, height: y1 - y0, offset };
}

/**
 * Return what a canvas gives as a picture, without copying.
 * @param {{data: Uint8ClampedArray | Uint8Array, width: number, height: number}} canvas
 * @returns {Image}
 */
export function fromRgba({ data, width, height }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return imageOf(width, height, 4, bytes);
}

/** Return how many colours a picture has: what is made of it has no alpha. @param {Image} image */
export function coloursOf({ channels }) {
  return Math.min(channels, 3);
}

/**
 * Return the grey level of a pixel, with OpenCV's integer weights of RGB.
 * @param {Uint8Array} data
 * @param {number} i  index of the pixel's red
 */
export function greyAt(data, i) {
  return (data[i] * 9798 + data[i + 1] * 19235 + data[i + 2] * 3735 + 16384) >> 15;
}

/**
 * Return a picture in grey levels; one that is grey as it is.
 * @param {Image} image
 * @returns {Image}
 */
export function toGrey(image) {
  if (image.channels === 1) return image;
  const grey = imageOf(image.width, image.height, 1);
  for (let y = 0, k = 0; y < image.height; y++) {
    let i = image.offset + y * image.stride;
    for (let x = 0; x < image.width; x++, i += image.channels) {
      grey.data[k++] = greyAt(image.data, i);
    }
  }
  return grey;
}
