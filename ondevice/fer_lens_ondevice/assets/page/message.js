// What is said where no picture is, or over it: an icon, a sentence, and how far the loading is.

import { filled, megabytes } from "./words.js";

/** @typedef {import("./types.js").State} State */

/** Icon of each phase without a picture, and the name of its text. */
const MESSAGES = /** @type {Record<string, [string, string]>} */ ({
  idle: ["videocam", "idle"],
  loading: ["downloading", "loading"],
  paused: ["pause_circle", "paused"],
  ending: ["videocam_off", "ended"],
  ended: ["videocam_off", "ended"],
  failed: ["no_photography", "failed"],
  unable: ["block", "unable"],
});

/**
 * @param {HTMLElement} box
 * @param {State} state
 * @param {Record<string, string>} texts
 */
export function showMessage(box, { phase, loaded, total }, texts) {
  const shown = MESSAGES[phase];
  box.hidden = !shown;
  if (!shown) return;
  const [icon, name] = shown;
  const known = phase === "loading" && total > 0;
  const values = { loaded: megabytes(loaded), total: megabytes(total) };
  const text = known ? (loaded < total ? texts.loadingBytes : texts.preparing) : texts[name];
  put(box, icon, filled(text, values), "p");
  const progress = /** @type {HTMLProgressElement} */ (box.querySelector("progress"));
  progress.hidden = phase !== "loading";
  progress.setAttribute("aria-label", texts.loading);
  if (known && loaded < total) {
    progress.max = total;
    progress.value = loaded;
  } else {
    progress.removeAttribute("value");
  }
}

/**
 * Put an icon and a text into an element that has places for both.
 * @param {HTMLElement} element
 * @param {string} icon
 * @param {string} text
 * @param {string} [place]
 */
export function put(element, icon, text, place = "span:last-child") {
  say(/** @type {HTMLElement} */ (element.querySelector(".icon")), icon);
  say(/** @type {HTMLElement} */ (element.querySelector(place)), text);
}

/**
 * Change a text, if it is another: what is written again is read out again.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
