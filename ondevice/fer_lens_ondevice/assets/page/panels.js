// Panels with the name and a bar of every expression, as `fer/drawing/annotate.py`.

import { BASELINE } from "./ink.js";

const BACKGROUND = "rgba(17, 19, 26, 0.78)";
const EMPTY_BAR = "rgba(255, 255, 255, 0.11)";
const QUIET_TEXT = "rgb(205, 209, 217)";
const STRONG_TEXT = "white";

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
 * @param {string[]} labels
 * @param {number} text
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
 * @param {Record<string, string>} colours
 * @param {number} left
 * @param {number} top
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
