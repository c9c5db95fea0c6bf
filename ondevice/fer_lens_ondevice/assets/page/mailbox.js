// Messages to the Python side, one at a time: the next goes when the last was answered.
//
// Each message makes Streamlit run the fragment around the component. Where two runs of it follow
// each other before the browser has heard of the first, Streamlit takes the component off the page.

/** @typedef {import("./types.js").PhaseReport} PhaseReport */

/** Milliseconds after which a message counts as lost, and goes again. */
const LOST_MILLISECONDS = 3000;

export class Mailbox {
  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {() => number} clock  milliseconds
   */
  constructor(outbox, clock) {
    this.outbox = outbox;
    this.clock = clock;
    this.number = 0;
    this.sentAt = -Infinity;
    this.waits = false; // for an answer
    /** @type {PhaseReport} */
    this.phase = { phase: "idle", code: "", detail: "" };
    /** @type {PhaseReport | null} the last one that has arrived */
    this.known = null;
    /** @type {PhaseReport | null} the one of the last message */
    this.told = null;
  }

  /** @param {number} heard  number of the last message that has arrived */
  answered(heard) {
    if (heard !== this.number) return;
    this.waits = false;
    this.known = this.told;
  }

  /**
   * Return the next message; null if there is nothing new, or it is not time yet.
   * @param {string} setup  name of what the page has; "" if it has nothing
   * @param {boolean} [now]  whether not to wait until it is time for results
   */
  next(setup, now = false) {
    const time = this.clock();
    if (this.waits && time - this.sentAt < LOST_MILLISECONDS) return null;
    const results = this.outbox.message(now);
    if (!results && setup && this.known === this.phase) return null;
    this.number += 1;
    this.sentAt = time;
    this.waits = true;
    this.told = this.phase;
    return { number: this.number, setup, phase: this.phase, ...results };
  }
}
