// The marks over the video: a transparent canvas, drawn anew at every frame of the screen.

import { answerOf } from "../vision/answers.js";
import { drawPanel, drawTag } from "./ink.js";
import { arrange, movedBox } from "./scene.js";
import { chance, filled, oneOf } from "./words.js";

/** @import { Seen, Settings, Setup } from "../types.js" */

/** Least milliseconds between two drawings: more than 30 a second nobody sees. */
const DRAW_MILLISECONDS = 28;

const OUTLINE = "rgb(20, 20, 20)";

export class Overlay {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {Seen | null} */
    this.seen = null;
    /** @type {Record<string, number>} */
    this.people = {};
    this.font = "sans-serif";
    this.fresh = false; // a frame of the video has come since the last drawing
    this.drawn = 0; // frames of the video that were drawn on since `takeDrawn`
    this.milliseconds = 0; // of the last drawing
    this.last = -Infinity;
    this.empty = true;
  }

  /** A frame of the video has come. */
  arrived() {
    this.fresh = true;
  }

  /**
   * Return on how many frames of the video was drawn since the last call, and how many milliseconds
   * the last drawing took.
   */
  takeDrawn() {
    const { drawn: shown, milliseconds: draw } = this;
    this.drawn = 0;
    return { shown, draw };
  }

  /** Fit the canvas to its size on the screen. */
  fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const sharp = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(clientWidth * sharp), Math.round(clientHeight * sharp)];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.font = getComputedStyle(this.canvas).fontFamily || "sans-serif";
  }

  clear() {
    if (!this.empty) this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.empty = true;
  }

  /**
   * Draw the faces where they should be now.
   * @param {number} milliseconds  now, as of `requestAnimationFrame`
   * @param {number} seconds  now, on the clock of what was seen
   * @param {Setup} setup @param {Settings} settings
   */
  draw(milliseconds, seconds, setup, settings) {
    if (milliseconds - this.last < DRAW_MILLISECONDS) return;
    this.last = milliseconds;
    if (this.fresh) this.drawn += 1;
    this.fresh = false;
    const started = performance.now();
    this.clear();
    const { seen } = this;
    if (seen && seconds - seen.seconds <= setup.boxSeconds) this.drawSeen(seen, seconds, setup, settings);
    this.milliseconds = performance.now() - started;
  }

  /** @param {Seen} seen @param {number} seconds @param {Setup} setup @param {Settings} settings */
  drawSeen(seen, seconds, setup, settings) {
    const faces = facesShown(seen, setup, settings);
    if (!faces.length) return;
    this.empty = false;
    const ahead = Math.min(Math.max(seconds - seen.seconds, 0), setup.constants.following.coastSeconds);
    const mirrorWidth = settings.mirrored ? seen.width : null;
    const placed = faces.map((face) => ({ face, box: movedBox(face, ahead, mirrorWidth) }));
    placed.sort((a, b) => a.box.left - b.box.left);
    const { context, canvas, font, people } = this;
    context.save();
    context.scale(canvas.width / seen.width, canvas.height / seen.height);
    const { marked, size, style } = arrange(context, placed, {
      head: headOf(setup, settings),
      setup,
      people,
      picture: [seen.width, seen.height],
      bars: settings.bars,
      font,
      scale: canvas.clientWidth / seen.width || 1,
    });
    for (const { box, tag } of marked) outline(context, box, tag.colour, size.line);
    if (style) {
      context.font = `${style.text}px ${font}`;
      for (const { face, panel } of marked) {
        if (!panel) continue;
        drawPanel(context, style, face.probabilities, setup.colours.answers, panel.left, panel.top);
      }
    }
    context.font = `${size.text}px ${font}`;
    for (const { tag, at } of marked) drawTag(context, size.text, tag, at.left, at.top);
    context.restore();
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {import("./scene.js").Rectangle} box
 * @param {string} colour @param {number} line
 */
function outline(context, box, colour, line) {
  // A dark outline keeps the coloured line visible on any background.
  for (const [shade, width] of /** @type {[string, number][]} */ ([[OUTLINE, line + 2], [colour, line]])) {
    context.strokeStyle = shade;
    context.lineWidth = width;
    context.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  }
}

/** @param {Setup} setup @param {Settings} settings */
export function headOf(setup, settings) {
  return setup.model.heads.find((head) => head.name === settings.head) ?? setup.model.heads[0];
}

/**
 * Faces that can be shown: what was answered by a head that is not the chosen one any more is not.
 * @param {Seen} seen @param {Setup} setup @param {Settings} settings
 */
export function facesShown(seen, setup, settings) {
  const { length } = headOf(setup, settings).labels;
  return seen.faces.filter((face) => face.isFace && face.probabilities.length === length);
}

/**
 * What the marks show, for those who do not see them.
 * @param {Seen | null} seen @param {Record<string, number>} people @param {Setup} setup
 * @param {Settings} settings
 * @returns {string}
 */
export function described(seen, people, setup, settings) {
  const { texts, constants } = setup;
  const faces = seen ? facesShown(seen, setup, settings) : [];
  if (!faces.length) return texts.pictureWithoutFace;
  const head = headOf(setup, settings);
  const told = faces.map((face) => {
    const { issues, probabilities } = face;
    const said = answerOf(probabilities, issues, head, constants.answers);
    const candidates = said.candidates.map(([name, share]) => `${name} ${chance(share)}`);
    const unsure = said.answer === constants.answers.uncertain ? `${said.answer}: ` : "";
    const wrong = constants.quality.issues.filter((/** @type {string} */ _, /** @type {number} */ i) => issues[i]);
    const reasons = wrong.length ? ` (${wrong.join(", ")})` : "";
    const person = people[face.id];
    const who = person ? `${filled(texts.person, { number: person })}: ` : "";
    return `${who}${unsure}${oneOf(candidates, texts.or)}${reasons}`;
  });
  return filled(texts.pictureWithFaces, { faces: told.join("; ") });
}
