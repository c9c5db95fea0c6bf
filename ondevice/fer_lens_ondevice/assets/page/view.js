// What the visitor sees: the video with its marks, the buttons, and in words how it is going.

import { cameras } from "./camera.js";
import { Overlay, described } from "./overlay.js";
import { onVideoFrames } from "./pump.js";
import { filled } from "./words.js";

/** @import { State } from "../types.js" */
/** @import { Session } from "./session.js" */

/** Milliseconds between two descriptions of the picture, for those who listen to the page. */
const DESCRIBE_MILLISECONDS = 2000;

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

const PAGE = `
  <section class="live" data-phase="idle">
    <div class="stage">
      <video playsinline autoplay muted></video>
      <canvas></canvas>
      <div class="message"><span class="icon" aria-hidden="true"></span><p></p><progress></progress></div>
    </div>
    <div class="controls">
      <button type="button" class="main"><span class="icon" aria-hidden="true"></span><span></span></button>
      <label class="chooser" hidden><span class="icon" aria-hidden="true">cameraswitch</span><select></select></label>
      <p class="note" role="status" aria-live="polite"></p>
    </div>
  </section>`;

export class View {
  constructor() {
    const template = document.createElement("template");
    template.innerHTML = PAGE;
    this.root = /** @type {HTMLElement} */ (template.content.querySelector(".live"));
    this.video = /** @type {HTMLVideoElement} */ (this.find("video"));
    this.video.muted = true; // the attribute alone is not enough for an element made by a script
    this.button = /** @type {HTMLButtonElement} */ (this.find("button"));
    this.select = /** @type {HTMLSelectElement} */ (this.find("select"));
    this.overlay = new Overlay(/** @type {HTMLCanvasElement} */ (this.find("canvas")));
    /** @type {Session | null} */
    this.session = null;
    this.stopFrames = () => {};
    this.open = true;
    this.describedAt = 0;
    this.resized = new ResizeObserver(() => this.overlay.fit());
    this.resized.observe(this.overlay.canvas);
  }

  /** Stand in an element of the page, in place of another. @param {Node} parent */
  enter(parent) {
    parent.appendChild(this.root);
    if (this.video.srcObject) this.video.play().catch(() => {}); // it pauses when it is moved
  }

  /** @param {string} selector @returns {HTMLElement} */
  find(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }

  /** @param {Session} session  that the buttons act on */
  serve(session) {
    this.session = session;
    this.button.onclick = () => (session.active ? session.stop() : session.start());
    this.select.onchange = () => session.choose(this.select.value);
    requestAnimationFrame((now) => this.draw(now));
  }

  /** Show a camera, or none. @param {MediaStream | null} stream */
  async play(stream) {
    this.stopFrames();
    this.video.srcObject = stream;
    if (!stream) return;
    await this.video.play();
    const { videoWidth, videoHeight } = this.video;
    this.root.style.setProperty("--aspect", `${videoWidth} / ${videoHeight}`);
    this.stopFrames = onVideoFrames(this.video, () => {
      this.overlay.arrived();
      this.session?.stream?.pump.arrived();
    });
    await this.listCameras();
  }

  /** @returns {Promise<import("../types.js").Picture>} */
  async grab() {
    const { video } = this;
    return "VideoFrame" in globalThis ? new VideoFrame(video) : createImageBitmap(video);
  }

  /** @param {number} now  milliseconds */
  draw(now) {
    if (!this.open) return;
    const { session, overlay } = this;
    if (session?.stream && session.setup && session.data) {
      overlay.people = session.people;
      overlay.draw(now, session.stream.clock() / 1000, session.setup, session.data.settings);
      this.describe(now);
    } else {
      overlay.clear();
    }
    requestAnimationFrame((next) => this.draw(next));
  }

  /** @param {number} now  milliseconds */
  describe(now) {
    const { session, overlay } = this;
    if (!session?.setup || !session.data || now - this.describedAt < DESCRIBE_MILLISECONDS) return;
    this.describedAt = now;
    const { setup, data } = session;
    const alt = described(overlay.seen, session.people, setup, data.settings);
    overlay.canvas.setAttribute("role", "img"); // which it is once something is drawn
    overlay.canvas.setAttribute("aria-label", alt);
  }

  async listCameras() {
    const found = await cameras();
    const { setup, stream } = this.session ?? {};
    const label = /** @type {HTMLElement} */ (this.select.closest("label"));
    label.hidden = found.length < 2;
    if (label.hidden || !setup) return;
    this.select.setAttribute("aria-label", setup.texts.chooseCamera);
    this.select.replaceChildren(...found.map(({ id, name }) => new Option(name, id)));
    this.select.value = stream?.camera?.id ?? this.session?.camera ?? "";
  }

  /** @param {State} state */
  show(state) {
    const { session, root } = this;
    if (!session?.setup || !session.data) return;
    const { texts } = session.setup;
    root.dataset.phase = state.phase;
    root.toggleAttribute("data-mirrored", session.data.settings.mirrored);
    const { active } = session;
    this.button.disabled = state.phase === "unable" || state.phase === "ending";
    this.button.classList.toggle("primary", !active);
    put(this.button, active ? "stop" : "play_arrow", active ? texts.stop : texts.start);
    showMessage(this.find(".message"), state, texts);
    say(this.find(".note"), state.note && texts[state.note]);
  }

  close() {
    this.open = false;
    this.stopFrames();
    this.resized.disconnect();
    this.root.remove();
  }
}

/**
 * Say what is to be said where no picture is, or over it, and how far the loading is.
 * @param {HTMLElement} box @param {State} state @param {Record<string, string>} texts
 */
function showMessage(box, { phase, loaded, total }, texts) {
  const shown = MESSAGES[phase];
  box.hidden = !shown;
  if (!shown) return;
  const [icon, name] = shown;
  const known = phase === "loading" && total > 0;
  const values = { loaded: (loaded / 1e6).toFixed(1), total: (total / 1e6).toFixed(1) };
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
 * @param {HTMLElement} element @param {string} icon @param {string} text
 * @param {string} [place]
 */
function put(element, icon, text, place = "span:last-child") {
  say(/** @type {HTMLElement} */ (element.querySelector(".icon")), icon);
  say(/** @type {HTMLElement} */ (element.querySelector(place)), text);
}

/**
 * Change a text, if it is another: what is written again is read out again.
 * @param {HTMLElement} element @param {string} text
 */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
