// Observations on their way to the server: sent again until it says that it has them.

import { Batches } from "./batches.js";

/** Milliseconds between two messages. A timer may be a little early. */
const SEND_MILLISECONDS = 450;

/** Milliseconds without an answer after which the connection counts as lost. */
const LOST_MILLISECONDS = 4000;

/**
 * @typedef {object} About  what stands in every message of a run
 * @property {string} run
 * @property {number} life  how often the session had been cleared
 * @property {string} model  key of the model that answered
 */

/** What was seen in one run: from a start, or another model, to the end or the next model. */
class Parcel {
  /** @param {About} about */
  constructor(about) {
    this.about = about;
    this.batches = new Batches();
    this.ended = false;
  }

  get delivered() {
    return this.ended && this.batches.waiting === 0;
  }
}

/** Everything that the server does not have yet, the oldest run first. */
export class Outbox {
  /** @param {() => number} clock  milliseconds */
  constructor(clock) {
    this.clock = clock;
    /** @type {Parcel[]} */
    this.parcels = [];
    this.sentAt = -Infinity;
    /** @type {number | null} when the first message went that was not answered */
    this.unanswered = null;
  }

  /** Whether the server has everything, and more will not come. */
  get delivered() {
    return this.parcels.every((parcel) => parcel.delivered);
  }

  /** Whether the server has not answered for a while. */
  get lost() {
    return this.unanswered !== null && this.clock() - this.unanswered > LOST_MILLISECONDS;
  }

  /**
   * Begin a run; the one before it has ended.
   * @param {About} about
   */
  open(about) {
    this.end();
    this.parcels.push(new Parcel(about));
  }

  /** The newest run has ended. */
  end() {
    for (const parcel of this.parcels) parcel.ended = true;
    this.parcels = this.parcels.filter((parcel) => !parcel.delivered);
  }

  /** Forget all: the visitor has cleared the session. */
  clear() {
    this.parcels = [];
    this.unanswered = null;
  }

  /** @param {ArrayBuffer} observation  of the newest run */
  add(observation) {
    this.parcels.at(-1)?.batches.add(observation);
  }

  /**
   * Return the next message, null if there is none or it is not time yet.
   * @param {boolean} [now]  whether not to wait until it is time
   */
  message(now = false) {
    const time = this.clock();
    if (!now && time - this.sentAt < SEND_MILLISECONDS) return null;
    const parcel = this.parcels.find((each) => each.batches.waiting > 0);
    if (!parcel) return null;
    this.sentAt = time;
    this.unanswered ??= time;
    return { ...parcel.about, ...parcel.batches.message() };
  }

  /**
   * @param {string} run
   * @param {number} number  highest batch of it that the server has, with all before it
   */
  acknowledge(run, number) {
    const parcel = this.parcels.find(({ about }) => about.run === run);
    if (parcel?.batches.acknowledge(number)) this.unanswered = null;
    this.parcels = this.parcels.filter((each) => !each.delivered);
  }
}
