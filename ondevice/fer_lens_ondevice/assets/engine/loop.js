/** Does what the page asks for, one message after the other: loads, looks at a frame, ends. */

import { failureOf } from "./failure.js";

/** @import { Frame, FrameMessage, FromWorker, LoadMessage, Seen, ToWorker } from "../types.js" */

/**
 * @typedef {(loaded: number, total: number) => void} Progress bytes
 *
 * @typedef {object} SeeingEngine what is needed of `Engine`
 * @property {{accelerator: import("../types.js").Accelerator}} networks
 * @property {{see: (frame: Frame) => Promise<Seen>}} observer
 * @property {(message: LoadMessage, onProgress: Progress) => Promise<void>} swap
 *
 * @typedef {object} Surroundings
 * @property {(message: FromWorker, transfer?: Transferable[]) => void} post
 * @property {(message: LoadMessage, onProgress: Progress) => Promise<SeeingEngine>} load
 * @property {ReturnType<typeof import("./pixels.js").pixelReader>} pixels
 */

export class MessageLoop {
  /** @param {Surroundings} surroundings */
  constructor({ post, load, pixels }) {
    this.post = post;
    this.load = load;
    this.pixels = pixels;
    this.last = Promise.resolve();
    /** @type {SeeingEngine | undefined} */
    this.engine = undefined;
  }

  /** Do what a message asks for, after what was asked for before. @param {ToWorker} message */
  take(message) {
    this.last = this.last.then(async () => {
      try {
        if (message.type === "load") await this.prepare(message);
        else if (message.type === "frame") await this.look(message);
        else this.post({ type: "ended" });
      } catch (error) {
        const failure = failureOf(error, message.type === "load" ? "runtime" : "analysis");
        this.post({ type: "failed", code: failure.code, detail: failure.message });
      }
    });
    return this.last;
  }

  /** @param {LoadMessage} message */
  async prepare(message) {
    const start = performance.now();
    let last = -Infinity;
    /** @type {Progress} told ten times a second at most, and at the end */
    const onProgress = (loaded, total) => {
      if (performance.now() - last < 100 && loaded < total) return;
      last = performance.now();
      this.post({ type: "progress", loaded, total });
    };
    if (this.engine) await this.engine.swap(message, onProgress);
    else this.engine = await this.load(message, onProgress);
    const { accelerator } = this.engine.networks;
    this.post({ type: "ready", accelerator, milliseconds: performance.now() - start });
  }

  /** @param {FrameMessage} message */
  async look({ type: _, bitmap, ...rest }) {
    try {
      const seen = await this.engine?.observer.see({ ...rest, ...(await this.pixels(bitmap)) });
      if (seen) this.post({ type: "seen", ...seen }, [seen.observation]);
    } finally {
      bitmap.close();
    }
  }
}
