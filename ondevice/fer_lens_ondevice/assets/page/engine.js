// The worker that analyses, as the page sees it.

/** @typedef {import("./types.js").Setup} Setup */
/** @typedef {import("../types.js").FromWorker} FromWorker */

/**
 * @typedef {object} EngineEvents
 * @property {(loaded: number, total: number) => void} progress  in bytes
 * @property {() => void} ready
 * @property {(seen: import("../types.js").Seen) => void} seen
 * @property {(code: string, detail: string) => void} failed
 * @property {() => void} ended  nothing is seen any more
 */

export class Engine {
  /**
   * @param {() => Worker} openWorker
   * @param {string} base  address of the folder of the scripts
   * @param {EngineEvents} events
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
