// Where everything of a picture goes: boxes, tags and panels, as in `fer/drawing/annotate.py`.

import { answerOf } from "../vision/answers.js";
import { panelStyle, tagOf } from "./ink.js";
import { chance } from "./words.js";

/** @import { Head, SeenFace, Setup } from "../types.js" */
/** @import { Tag } from "./ink.js" */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Rectangle */
/** @typedef {[number, number]} Size  width and height */

/** Text height and line width as fractions of the picture's shorter side, and their limits. */
const TEXT = { share: 0.026, least: 13, most: 64 };
const LINE = { share: 0.004, least: 2 };
const PANEL_TEXT = { share: 0.85, least: 10 };

/** Size of text on the screen, in CSS pixels, below which nobody reads it on a phone. */
const READABLE = 11;

/**
 * @typedef {object} Marked  a face with everything that is drawn for it
 * @property {SeenFace} face
 * @property {Rectangle} box
 * @property {Tag} tag
 * @property {Rectangle} at  place of the tag
 * @property {Rectangle | null} panel
 */

/**
 * Sizes of what is drawn on a picture.
 * @param {number} width @param {number} height
 * @param {number} scale  CSS pixels per pixel of the picture
 */
export function sizes(width, height, scale) {
  const shorter = Math.min(width, height);
  const usual = Math.min(Math.max(Math.round(shorter * TEXT.share), TEXT.least), TEXT.most);
  const text = Math.max(usual, Math.round(READABLE / scale));
  const line = Math.max(LINE.least, Math.round(shorter * LINE.share));
  return { text, line, panel: Math.max(PANEL_TEXT.least, Math.round(text * PANEL_TEXT.share)) };
}

/**
 * The box of a face at a later time, in the picture as the visitor sees it.
 * @param {SeenFace} face
 * @param {number} ahead  seconds since the face was seen
 * @param {number | null} mirrorWidth  width of the picture if it is shown like a mirror
 * @returns {Rectangle}
 */
export function movedBox(face, ahead, mirrorWidth) {
  const [dx, dy] = face.velocity.map((speed) => speed * ahead);
  const [x0, y0, x1, y1] = face.box;
  const top = Math.round(y0 + dy);
  const bottom = Math.round(y1 + dy);
  if (mirrorWidth === null) {
    return { left: Math.round(x0 + dx), top, right: Math.round(x1 + dx), bottom };
  }
  const [left, right] = [mirrorWidth - x1 - dx, mirrorWidth - x0 - dx].map(Math.round);
  return { left, top, right, bottom };
}

/**
 * What the tag of a face says.
 * @param {SeenFace} face @param {Head} head @param {Setup} setup
 * @param {number} person  number of the person, 0 without one
 */
export function tagContent(face, head, setup, person) {
  const { answers } = setup.constants;
  const { answer, confidence } = answerOf(face.probabilities, face.issues, head, answers);
  const { people, answers: colours } = setup.colours;
  return {
    person,
    personColour: person ? people[(person - 1) % people.length] : "",
    colour: colours[answer],
    // An uncertain answer has no percentage: it would be mistaken for that of an expression.
    text: answer === answers.uncertain ? answer : `${answer} ${chance(confidence)}`,
  };
}

/**
 * Find places for the tags and, if wished, for panels.
 * @param {CanvasRenderingContext2D} canvas
 * @param {{face: SeenFace, box: Rectangle}[]} faces  with the places where they are now
 * @param {{head: Head, setup: Setup, people: Record<string, number>, picture: [number, number],
 *   bars: boolean, font: string, scale: number}} view
 */
export function arrange(canvas, faces, view) {
  const size = sizes(...view.picture, view.scale);
  canvas.font = `${size.text}px ${view.font}`;
  /** @type {Marked[]} */
  const marked = faces.map(({ face, box }) => {
    const content = tagContent(face, view.head, view.setup, view.people[face.id] ?? 0);
    const tag = tagOf(canvas, size.text, content);
    const wide = /** @type {[number, number]} */ ([tag.width, tag.height]);
    return { face, box, tag, at: inside(box.left, box.top - tag.height, wide, view.picture), panel: null };
  });
  const gap = 2 * size.line + 2;
  const style = view.bars ? placePanels(canvas, marked, size.panel, gap, view) : null;
  return { marked, size, style };
}

/**
 * @param {CanvasRenderingContext2D} canvas
 * @param {Marked[]} marked  their panels are placed, or left out where they would cover something
 * @param {number} text @param {number} gap
 * @param {{head: Head, picture: [number, number], font: string}} view
 */
function placePanels(canvas, marked, text, gap, view) {
  const smaller = Math.max(PANEL_TEXT.least, text - 1);
  for (const [size, short] of /** @type {[number, boolean][]} */ ([[text, false], [smaller, true]])) {
    canvas.font = `${size}px ${view.font}`;
    const measure = (/** @type {string} */ name) => canvas.measureText(name).width;
    const style = panelStyle(view.head.labels, size, measure, short);
    /** @type {Rectangle[]} */
    const placed = [];
    // The line of a box is centred on its edge, so it takes up half the gap.
    const taken = [...marked.map((m) => grown(m.box, gap / 2)), ...marked.map((m) => m.at)];
    for (const one of marked) {
      const places = around(one.box, style.size, view.picture, gap, one.tag.height);
      one.panel = firstFree(places, [...taken, ...placed]);
      if (one.panel) placed.push(one.panel);
    }
    if (short || marked.every((m) => m.panel)) return style;
  }
  return null;
}

/** @param {Rectangle} box @param {number} margin @returns {Rectangle} */
export function grown(box, margin) {
  return {
    left: box.left - margin,
    top: box.top - margin,
    right: box.right + margin,
    bottom: box.bottom + margin,
  };
}

/** Area that two rectangles share. @param {Rectangle} a @param {Rectangle} b */
export function overlap(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}

/**
 * The rectangle inside the picture nearest to a corner; its size must fit the picture.
 * @param {number} left @param {number} top @param {Size} size
 * @param {Size} picture
 * @returns {Rectangle}
 */
export function inside(left, top, [width, height], picture) {
  const x = Math.min(Math.max(left, 0), picture[0] - width);
  const y = Math.min(Math.max(top, 0), picture[1] - height);
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/**
 * Places for a panel around a face, best first; none if the panel is larger than the picture.
 * @param {Rectangle} box  of the face; may extend past the picture
 * @param {Size} size  of the panel
 * @param {Size} picture
 * @param {number} gap  between the face and the panel
 * @param {number} headroom  above the box, where its tag is
 * @returns {Rectangle[]}
 */
export function around(box, size, picture, gap, headroom) {
  const [width, height] = size;
  if (width > picture[0] || height > picture[1]) return [];
  return [
    [box.right + gap, box.top],
    [box.left - gap - width, box.top],
    [box.left, box.bottom + gap],
    [box.left, box.top - headroom - gap - height],
  ].map(([x, y]) => inside(x, y, size, picture));
}

/**
 * The first place that covers nothing of what is taken; null if there is none.
 * @param {Rectangle[]} places @param {Rectangle[]} taken
 * @returns {Rectangle | null}
 */
export function firstFree(places, taken) {
  return places.find((place) => !taken.some((other) => overlap(place, other))) ?? null;
}
