// Tags and badges with names of expressions, as `fer/drawing/annotate.py` draws them.

/** Relative luminance (WCAG 2) above which black text reads better than white. */
const BRIGHT = 0.179;

/** Place of the baseline in a line of text, as a fraction of the text's size. */
export const BASELINE = 0.85;

/** @param {number} size  of the text in pixels */
export function padding(size) {
  return Math.max(3, Math.floor(size / 4));
}

/**
 * The more readable colour of text on a background.
 * @param {string} background  `#RRGGBB`
 */
export function inkOn(background) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(background.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > BRIGHT ? "black" : "white";
}

/**
 * @typedef {object} Tag
 * @property {number} person  0 if the face has no number yet
 * @property {string} personColour
 * @property {string} colour  of the answer
 * @property {string} text
 * @property {number} width
 * @property {number} height
 * @property {number} badge  width of the badge with its margin; 0 without one
 */

/**
 * Measure a tag.
 * @param {CanvasRenderingContext2D} canvas  with the font set
 * @param {number} size
 * @param {Pick<Tag, "person" | "personColour" | "colour" | "text">} of
 * @returns {Tag}
 */
export function tagOf(canvas, size, of) {
  const pad = padding(size);
  const height = size + 2 * pad;
  const number = of.person ? canvas.measureText(String(of.person)).width : 0;
  const badge = of.person ? Math.max(height - pad, Math.round(number) + 2 * pad) + pad : 0;
  const width = badge + Math.round(canvas.measureText(of.text).width) + 2 * pad;
  return { ...of, width, height, badge };
}

/**
 * Draw a tag with its upper left corner at a place.
 * @param {CanvasRenderingContext2D} canvas  with the font set
 * @param {number} size
 * @param {Tag} tag
 * @param {number} left
 * @param {number} top
 */
export function drawTag(canvas, size, tag, left, top) {
  const pad = padding(size);
  const baseline = top + pad + BASELINE * size;
  canvas.fillStyle = tag.colour;
  canvas.fillRect(left, top, tag.width, tag.height);
  if (tag.badge) {
    const round = tag.height - pad;
    const x = left + (pad * 2) / 3;
    canvas.beginPath();
    canvas.roundRect(x, top + pad / 2, tag.badge - pad, round, round / 2);
    canvas.fillStyle = tag.personColour;
    canvas.fill();
    canvas.strokeStyle = canvas.fillStyle = inkOn(tag.personColour);
    canvas.lineWidth = 1;
    canvas.stroke();
    canvas.textAlign = "center";
    canvas.fillText(String(tag.person), x + (tag.badge - pad) / 2, baseline);
  }
  canvas.textAlign = "left";
  canvas.fillStyle = inkOn(tag.colour);
  canvas.fillText(tag.text, left + tag.badge + pad, baseline);
}
