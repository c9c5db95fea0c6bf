// Frames of the video on their way to the worker: one at a time, always the newest, never a queue.

/** Least milliseconds from one analysis to the next, and share of the time that is left idle. */
const LEAST_PERIOD = 1000 / 15;
const IDLE_SHARE = 0.2;

/** Median milliseconds of an analysis from which a device counts as slow, and is not any more. */
const SLOW = 400;
const QUICK = 300;

/** Analyses that the median is of. The first ones are slow everywhere. */
const WINDOW = 9;
const FEWEST = 5;

/**
 * @typedef {object} PumpParts
 * @property {() => Promise<import("../types.js").Picture>} grab  the picture that the video shows now
 * @property {(frame: {number: number, seconds: number, bitmap: import("../types.js").Picture,
 *   received: number}) => void} send  seconds since the start, and frames that came since the last
 * @property {() => number} clock  milliseconds since the start
 * @property {(step: () => void, milliseconds: number) => void} later
 */

export class FramePump {
  /** @param {PumpParts} parts */
  constructor(parts) {
    this.parts = parts;
    this.slow = false;
    this.number = 0;
    this.received = 0;
    this.running = false;
    this.busy = false; // a frame is with the worker
    this.fresh = false; // a frame has come that the worker has not had
    this.sentAt = 0;
    this.due = 0;
    /** @type {number[]} milliseconds that the last analyses took */
    this.times = [];
  }

  start() {
    this.running = true;
  }

  /** Let no frame through, until `start`. */
  pause() {
    this.running = false;
    this.fresh = false;
    this.received = 0;
  }

  /** A frame of the video has come. */
  arrived() {
    if (!this.running) return;
    this.received += 1;
    this.fresh = true;
    this.offer();
  }

  /** The worker has done its frame. A slow device rests as long as it works. */
  done() {
    const took = this.parts.clock() - this.sentAt;
    this.busy = false;
    this.times = [...this.times.slice(1 - WINDOW), took];
    const median = [...this.times].sort((a, b) => a - b)[this.times.length >> 1];
    if (this.times.length >= FEWEST) this.slow = median > (this.slow ? QUICK : SLOW);
    const period = this.slow ? took + median : took / (1 - IDLE_SHARE);
    this.due = this.sentAt + Math.max(LEAST_PERIOD, period);
    this.offer();
  }

  async offer() {
    const { grab, send, clock, later } = this.parts;
    if (!this.running || this.busy || !this.fresh) return;
    const left = this.due - clock();
    if (left > 0) return later(() => this.offer(), left);
    this.busy = true;
    this.fresh = false;
    this.sentAt = clock();
    const bitmap = await grab().catch(() => null); // the video may have just ended
    if (!bitmap || !this.running) {
      bitmap?.close();
      this.busy = false;
      return;
    }
    const { received } = this;
    this.received = 0;
    send({ number: ++this.number, seconds: this.sentAt / 1000, bitmap, received });
  }
}

/**
 * Call back at every frame of a video, until the returned function is called.
 * @param {HTMLVideoElement} video @param {() => void} arrived
 * @returns {() => void}
 */
export function onVideoFrames(video, arrived) {
  let on = true;
  let before = -1;
  const look = () => {
    if (!on) return;
    if (video.currentTime !== before) arrived();
    before = video.currentTime;
    ask();
  };
  // Not every browser tells of frames; then every frame of the screen is looked at.
  const ask = () => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(look);
    else requestAnimationFrame(look);
  };
  ask();
  return () => {
    on = false;
  };
}
