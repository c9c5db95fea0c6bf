// What runs between Start and Stop: the camera, the worker, and the frames from one to the other.

import { FramePump } from "./pump.js";

/** @import { Setup } from "../types.js" */
/** @import { Camera } from "./camera.js" */

/**
 * @typedef {object} Sources  where camera, worker and pictures come from
 * @property {(camera: string, events: import("./camera.js").CameraEvents) => Promise<Camera>} openCamera
 * @property {() => Worker} openWorker
 * @property {string} base  address of the folder of the scripts
 * @property {() => number} clock  milliseconds
 * @property {(step: () => void, milliseconds: number) => void} later
 * @property {(stream: MediaStream | null) => Promise<void>} play  shows a camera
 * @property {() => Promise<import("../types.js").Picture>} grab  what is shown now
 */

/**
 * @typedef {object} StreamEvents
 * @property {(loaded: number, total: number) => void} progress  in bytes
 * @property {() => void} loaded  the networks of the model that was asked for last are there
 * @property {() => void} ready  camera and networks are there
 * @property {(seen: import("../types.js").Seen) => void} seen
 * @property {(muted: boolean) => void} muted  the camera gives no picture for now, or does again
 * @property {(code: string, detail: string) => void} failed
 * @property {() => void} ended  nothing will be seen any more
 * @property {() => {settings: {head: string, smoothingSeconds: number}, wanted: number[],
 *   shown: number, draw: number}} wishes  for the next frame
 */

export class Stream {
  /** @param {Sources} sources @param {StreamEvents} events */
  constructor(sources, events) {
    this.sources = sources;
    this.events = events;
    this.closed = false;
    this.loaded = false; // the networks are there
    this.asked = 0; // counts questions for a camera: only the last one's answer is used
    /** @type {Camera | null} */
    this.camera = null;
    const began = sources.clock();
    this.clock = () => sources.clock() - began;
    this.worker = sources.openWorker();
    this.worker.onmessage = ({ data }) => this.heard(data);
    this.worker.onerror = ({ message }) => events.failed("analysis", message ?? "");
    this.pump = new FramePump({
      grab: sources.grab,
      clock: this.clock,
      later: sources.later,
      send: (frame) => {
        this.worker.postMessage({ type: "frame", ...frame, ...events.wishes() }, [frame.bitmap]);
      },
    });
  }

  /** @param {import("../types.js").FromWorker} message */
  heard(message) {
    const { events } = this;
    switch (message.type) {
      case "progress":
        return events.progress(message.loaded, message.total);
      case "ready":
        this.loaded = true;
        events.loaded();
        return this.look();
      case "seen":
        events.seen(message);
        return this.pump.done();
      case "failed":
        return events.failed(message.code, message.detail);
      case "ended":
        this.terminate();
        return events.ended();
    }
  }

  /**
   * Load a model, at first with the runtime. Until it is there, no frame goes.
   * @param {Setup} setup  with a runtime
   */
  load({ runtime, networks, constants, model }) {
    const { base } = this.sources;
    this.pump.pause();
    this.loaded = false;
    this.worker.postMessage({ type: "load", base, runtime, networks, constants, model });
  }

  /**
   * Use a camera, in place of the one that runs. Never rejects.
   * @param {string} id  of the camera; "" for the usual one
   */
  async useCamera(id) {
    const asked = ++this.asked;
    this.camera?.stop(); // not every device has two open at a time
    this.camera = null;
    const { failed, muted } = this.events;
    muted(false);
    try {
      const ended = () => failed("camera", "ended");
      const camera = await this.sources.openCamera(id, { ended, muted });
      if (asked !== this.asked) return camera.stop();
      this.camera = camera;
      await this.sources.play(camera.stream);
      if (asked === this.asked) this.look();
    } catch (error) {
      if (asked === this.asked) failed("camera", /** @type {Error} */ (error).name);
    }
  }

  look() {
    if (this.loaded && this.camera) this.events.ready();
  }

  /** Switch the camera off at once, and let the frame that is being analysed be the last. */
  end() {
    this.release();
    this.worker.postMessage({ type: "end" });
  }

  /** End everything at once. */
  close() {
    this.release();
    this.terminate();
  }

  terminate() {
    this.worker.onmessage = this.worker.onerror = null;
    this.worker.terminate();
  }

  release() {
    if (this.closed) return;
    this.closed = true;
    this.asked += 1;
    this.pump.pause();
    this.camera?.stop();
    this.camera = null;
    this.sources.play(null);
  }
}
