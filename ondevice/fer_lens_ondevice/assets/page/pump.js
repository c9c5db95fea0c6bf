// Frames of the video on their way to the worker: one at a time, always the newest, never a queue.

/** Median milliseconds of an analysis from which a device counts as slow, and is not any more. */
const SLOW = 400;
const QUICK = 300;

/** Analyses that the median is of. The first ones are slow everywhere. */
const WINDOW = 9;
const FEWEST = 5;

/**
 * @typedef {object} FrameMessage
 * @property {number} number
 * @property {number} seconds  since the start of the run
 * @property {import("../types.js").Picture} bitmap
 * @property {number} received  frames that came since the last message
 */

/**
 * @typedef {object} PumpParts
 * @property {() => Promise<import("../types.js").Picture>} grab  the picture that the video shows now
 * @property {(message: FrameMessage) => void} send
 * @property {() => number} clock  seconds since the start of the run
 */

/** How often a device can analyse: a slow one is given time to breathe. */
export class Rate {
  constructor() {
    /** @type {number[]} */
    this.times = [];
    this.slow = false;
  }

  /** @param {number} milliseconds  that an analysis took */
  took(milliseconds) {
    this.times = [...this.times.slice(1 - WINDOW), milliseconds];
    if (this.times.length < FEWEST) return;
    this.slow = this.median > (this.slow ? QUICK : SLOW);
  }

  get median() {
    const sorted = [...this.times].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }

  /** Milliseconds to wait before the next frame: a slow device rests as long as it works. */
  get rest() {
    return this.slow ? this.median : 0;
  }
}

export class FramePump {
  /** @param {PumpParts} parts */
  constructor(parts) {
    this.parts = parts;
    this.rate = new Rate();
    this.number = 0;
    this.received = 0;
    this.running = false;
    this.busy = false; // a frame is with the worker
    this.fresh = false; // a frame has come that the worker has not had
    this.sentAt = 0;
    this.restUntil = 0;
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

  /** The worker has done its frame. */
  done() {
    const now = this.parts.clock();
    this.busy = false;
    this.rate.took(1000 * (now - this.sentAt));
    this.restUntil = now + this.rate.rest / 1000;
    this.offer();
  }

  async offer() {
    const { grab, send, clock } = this.parts;
    const seconds = clock();
    if (!this.running || this.busy || !this.fresh || seconds < this.restUntil) return;
    this.busy = true;
    this.fresh = false;
    this.sentAt = seconds;
    const bitmap = await grab().catch(() => null); // the video may have just ended
    if (!bitmap || !this.running) {
      bitmap?.close();
      this.busy = false;
      return;
    }
    const { received } = this;
    this.received = 0;
    send({ number: ++this.number, seconds, bitmap, received });
  }
}

/**
 * Call back at every frame of a video, until the returned function is called.
 * @param {HTMLVideoElement} video
 * @param {() => void} arrived
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
