/** Answers the page: loads, looks at the newest frame, ends. One frame at a time, and no queue. */

import { failureOf } from "./failure.js";
import { Pace } from "./pace.js";

/** @import { Frame, FrameMessage, FromWorker, LoadMessage, Seen, ToWorker } from "../types.js" */
/** @import { FailureCode } from "../types.js" */

/**
 * What a session needs of `Engine`.
 *
 * @typedef {object} SeeingEngine
 * @property {import("../types.js").Accelerator} accelerator
 * @property {(frame: Frame) => Promise<Seen>} see
 * @property {(message: LoadMessage, onProgress: Progress) => Promise<void>} swap
 *
 * @typedef {(loaded: number, total: number) => void} Progress bytes
 *
 * @typedef {object} Surroundings
 * @property {(message: FromWorker, transfer?: Transferable[]) => void} post
 * @property {(message: LoadMessage, onProgress: Progress) => Promise<SeeingEngine>} load
 * @property {ReturnType<typeof import("./pixels.js").pixelReader>} pixels
 * @property {Pace} [pace]
 */

export class Session {
  /** @param {Surroundings} surroundings */
  constructor({ post, load, pixels, pace = new Pace() }) {
    this.post = post;
    this.load = load;
    this.pixels = pixels;
    this.pace = pace;
    /** @type {SeeingEngine | undefined} */
    this.engine = undefined;
    /** @type {LoadMessage | undefined} */
    this.wanted = undefined;
    /** @type {FrameMessage | undefined} */
    this.newest = undefined;
    this.ending = false;
    this.working = false;
  }

  /** @param {ToWorker} message */
  take(message) {
    if (message.type === "load") this.wanted = message;
    else if (message.type === "frame") this.newest = newer(this.newest, message);
    else this.ending = true;
    if (!this.working) void this.workOff();
  }

  /** Do what was asked for until nothing is left. */
  async workOff() {
    this.working = true;
    for (;;) {
      if (this.ending) this.end();
      else if (this.wanted) await this.loadWanted();
      else if (this.newest && this.engine) await this.lookAtNewest(this.engine);
      else break;
    }
    this.working = false;
  }

  async loadWanted() {
    const message = /** @type {LoadMessage} */ (this.wanted);
    this.wanted = undefined;
    const start = performance.now();
    await this.attempt("runtime", async () => {
      const onProgress = this.progress();
      if (this.engine) await this.engine.swap(message, onProgress);
      else this.engine = await this.load(message, onProgress);
      const { accelerator } = this.engine;
      this.post({ type: "ready", accelerator, milliseconds: performance.now() - start });
    });
  }

  /** @param {SeeingEngine} engine */
  async lookAtNewest(engine) {
    await this.pace.turn();
    const message = this.newest;
    if (!message || this.ending) return;
    this.newest = undefined;
    await this.attempt("analysis", async () => {
      const seen = await this.pace.during(async () => engine.see(await this.frame(message)));
      this.post({ type: "seen", ...seen }, [seen.observation]);
    });
  }

  /** @param {FrameMessage} message */
  async frame({ type: _, bitmap, ...rest }) {
    try {
      const pixels = await this.pixels(bitmap);
      return { received: 0, shown: 0, draw: 0, wanted: [], ...rest, ...pixels };
    } finally {
      bitmap.close();
    }
  }

  end() {
    this.newest?.bitmap.close();
    this.newest = undefined;
    this.ending = false;
    this.post({ type: "ended" });
  }

  /** A progress that is told ten times a second at most, and at the end. */
  progress() {
    let last = -Infinity;
    return (/** @type {number} */ loaded, /** @type {number} */ total) => {
      if (performance.now() - last < 100 && loaded < total) return;
      last = performance.now();
      this.post({ type: "progress", loaded, total });
    };
  }

  /**
   * @param {FailureCode} code of what fails
   * @param {() => Promise<void>} act
   */
  async attempt(code, act) {
    try {
      await act();
    } catch (error) {
      const failure = failureOf(error, code);
      this.post({ type: "failed", code: failure.code, detail: failure.message });
    }
  }
}

/**
 * The newer of two frames, of which only one is looked at. It tells what the older would have told.
 *
 * @param {FrameMessage | undefined} old
 * @param {FrameMessage} message
 * @returns {FrameMessage}
 */
function newer(old, message) {
  if (!old) return message;
  old.bitmap.close();
  return {
    ...message,
    received: (old.received ?? 0) + (message.received ?? 0),
    shown: (old.shown ?? 0) + (message.shown ?? 0),
    wanted: [...new Set([...(old.wanted ?? []), ...(message.wanted ?? [])])],
  };
}
