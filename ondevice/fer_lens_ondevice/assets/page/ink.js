// Tags, badges and panels with names of expressions, as `fer/drawing/annotate.py` draws them.

/** Relative luminance (WCAG 2) above which black text reads better than white. */
const BRIGHT = 0.179;

/** Place of the baseline in a line of text, as a fraction of the text's size. */
const BASELINE = 0.85;

const BACKGROUND = "rgba(17, 19, 26, 0.78)";
const EMPTY_BAR = "rgba(255, 255, 255, 0.11)";
const QUIET_TEXT = "rgb(205, 209, 217)";
const STRONG_TEXT = "white";

/** @param {number} size  of the text in pixels */
export function padding(size) {
  return Math.max(3, Math.floor(size / 4));
}

/** The more readable colour of text on a background. @param {string} background  `#RRGGBB` */
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
 * @param {number} size @param {Pick<Tag, "person" | "personColour" | "colour" | "text">} of
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
 * @param {number} size @param {Tag} tag @param {number} left
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

/**
 * @typedef {object} PanelStyle
 * @property {string[]} labels
 * @property {number} text  size of the text
 * @property {number} pad
 * @property {number} step  from one bar to the next
 * @property {number} length  of the bar for probability 1
 * @property {number} nameWidth
 * @property {[number, number]} size  width and height of the panel
 */

/**
 * @param {string[]} labels @param {number} text
 * @param {(name: string) => number} measure  width of a name in this size
 * @param {boolean} short  bars of half the length, to save space
 * @returns {PanelStyle}
 */
export function panelStyle(labels, text, measure, short) {
  const pad = Math.max(3, Math.floor(text / 2));
  const step = Math.round(text * 1.3);
  const length = Math.round(text * (short ? 2.5 : 5));
  const nameWidth = Math.max(0, ...labels.map((name) => Math.round(measure(name))));
  const size = /** @type {[number, number]} */ ([
    nameWidth + length + 3 * pad,
    step * labels.length + 2 * pad,
  ]);
  return { labels, text, pad, step, length, nameWidth, size };
}

/**
 * @param {CanvasRenderingContext2D} canvas  with the font of the panels set
 * @param {PanelStyle} style
 * @param {number[]} shares  probabilities of the labels
 * @param {Record<string, string>} colours @param {number} left @param {number} top
 */
export function drawPanel(canvas, style, shares, colours, left, top) {
  const { labels, text, pad, step, length, nameWidth, size } = style;
  const best = shares.indexOf(Math.max(...shares));
  canvas.fillStyle = BACKGROUND;
  canvas.beginPath();
  canvas.roundRect(left, top, ...size, text / 2);
  canvas.fill();
  canvas.textAlign = "left";
  const x = left + 2 * pad + nameWidth;
  labels.forEach((label, i) => {
    const y = top + pad + i * step;
    const thin = Math.max(1, Math.floor(step / 5)) - (i === best ? 1 : 0);
    canvas.fillStyle = EMPTY_BAR;
    canvas.fillRect(x, y + thin, length, step - 2 * thin);
    canvas.fillStyle = colours[label];
    const share = shares[i] > 0 ? Math.max(1, Math.round(shares[i] * length)) : 0;
    canvas.fillRect(x, y + thin, share, step - 2 * thin);
    canvas.fillStyle = i === best ? STRONG_TEXT : QUIET_TEXT;
    canvas.fillText(label, left + pad, y + (step - text) / 2 + Math.round(BASELINE * text));
  });
}
