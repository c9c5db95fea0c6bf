// What runs between Start and Stop: the camera, the worker, and the frames from one to the other.

import { FramePump } from "./pump.js";

/** @typedef {import("./types.js").Setup} Setup */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("../types.js").FromWorker} FromWorker */

/**
 * @typedef {object} Sources  where camera, worker and pictures come from
 * @property {(camera: string, events: import("./camera.js").CameraEvents) => Promise<Camera>} openCamera
 * @property {() => Worker} openWorker
 * @property {string} base  address of the folder of the scripts
 * @property {() => number} clock  milliseconds
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
  /**
   * @param {Sources} sources
   * @param {StreamEvents} events
   */
  constructor(sources, events) {
    this.sources = sources;
    this.events = events;
    this.closed = false;
    this.asked = 0; // counts questions for a camera: only the last one's answer is used
    /** @type {Camera | null} */
    this.camera = null;
    this.began = sources.clock();
    this.engine = new AnalysisWorker(sources.openWorker, sources.base, {
      ...events,
      ready: () => {
        events.loaded();
        this.look();
      },
      seen: (seen) => {
        events.seen(seen);
        this.pump.done();
      },
      ended: () => {
        this.engine.close();
        events.ended();
      },
    });
    this.pump = new FramePump({
      grab: sources.grab,
      clock: () => this.seconds,
      send: (frame) => this.engine.analyse({ ...frame, ...events.wishes() }),
    });
  }

  /** Seconds since the start. */
  get seconds() {
    return (this.sources.clock() - this.began) / 1000;
  }

  /**
   * Load the networks; until they are there, no frame is sent.
   * @param {Setup} setup  with a runtime
   */
  load(setup) {
    this.pump.pause();
    this.engine.load(setup);
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
    if (this.engine.ready && this.camera) this.events.ready();
  }

  /** Switch the camera off at once, and let the frame that is being analysed be the last. */
  end() {
    this.release();
    this.engine.end();
  }

  /** End everything at once. */
  close() {
    this.release();
    this.engine.close();
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

/**
 * @typedef {object} WorkerEvents
 * @property {(loaded: number, total: number) => void} progress  in bytes
 * @property {() => void} ready
 * @property {(seen: import("../types.js").Seen) => void} seen
 * @property {(code: string, detail: string) => void} failed
 * @property {() => void} ended  nothing is seen any more
 */

/** The worker that analyses, as the page sees it. */
class AnalysisWorker {
  /**
   * @param {() => Worker} openWorker
   * @param {string} base  address of the folder of the scripts
   * @param {WorkerEvents} events
   */
  constructor(openWorker, base, events) {
    this.base = base;
    this.events = events;
    this.ready = false;
    this.worker = openWorker();
    this.worker.onmessage = ({ data }) => this.heard(data);
    this.worker.onerror = ({ message }) => events.failed("analysis", message ?? "");
  }

  /**
   * Load the runtime and the networks, or, later, the networks of another model.
   * @param {Setup} setup
   */
  load({ runtime, networks, constants, model }) {
    this.ready = false;
    this.worker.postMessage({ type: "load", base: this.base, runtime, networks, constants, model });
  }

  /** @param {Omit<import("../types.js").FrameMessage, "type">} frame */
  analyse(frame) {
    this.worker.postMessage({ type: "frame", ...frame }, [frame.bitmap]);
  }

  /** Let the frame that is being analysed be the last. */
  end() {
    this.worker.postMessage({ type: "end" });
  }

  close() {
    this.worker.onmessage = this.worker.onerror = null;
    this.worker.terminate();
  }

  /** @param {FromWorker} message */
  heard(message) {
    const { events } = this;
    switch (message.type) {
      case "progress":
        return events.progress(message.loaded, message.total);
      case "ready":
        this.ready = true;
        return events.ready();
      case "seen":
        return events.seen(message);
      case "failed":
        return events.failed(message.code, message.detail);
      case "ended":
        return events.ended();
    }
  }
}
