/**
 * What goes to the Python side; there it is read by `app/live/device/protocol.py`.
 *
 * Observations go in numbered batches, again and again until the server has acknowledged them.
 * Nothing is lost when messages are, and nothing counts twice.
 *
 * Messages go one at a time, the next when the last was answered: each makes Streamlit run the
 * fragment around the component. Where two runs of it follow each other before the browser has heard
 * of the first, Streamlit takes the component off the page.
 */

/** @import { PhaseReport } from "../types.js" */

/**
 * @typedef {object} About what stands in every message of a run
 * @property {string} run
 * @property {number} generation how often the session had been cleared
 * @property {string} model key of the model that answered
 *
 * @typedef {object} Batch
 * @property {number} number from 1
 * @property {string} observations base64 of observations one after another, see ../wire.js
 * @property {number} count of observations
 * @property {number} at time of the last one
 */

/** Milliseconds between two messages with results. A timer may be a little early. */
const SEND_MILLISECONDS = 450;

/** Milliseconds after which a message counts as lost, and goes again; and the connection. */
const MESSAGE_LOST_MILLISECONDS = 3000;
const CONNECTION_LOST_MILLISECONDS = 4000;

export const LIMITS = {
  batchObservations: 64, // the server takes no more
  batchBytes: 64_000, // if it has more than one observation
  messageBytes: 256_000, // if it has more than one batch
  keptBytes: 8_000_000, // the oldest batches go when there is more
  keptSeconds: 900,
};

/** What was seen in one run: from a start, or another model, to the end or the next model. */
export class Batches {
  /**
   * @param {About} about
   * @param {() => number} clock seconds, always forward
   * @param {typeof LIMITS} limits
   */
  constructor(about, clock = () => performance.now() / 1000, limits = LIMITS) {
    this.about = about;
    this.clock = clock;
    this.limits = limits;
    this.ended = false;
    this.made = 0;
    this.dropped = 0; // observations that had to go before they were acknowledged
    this.added = 0; // when the last one was
    /** Observations that are in no batch yet. @type {Uint8Array[]} */
    this.open = [];
    /** Batches that are not acknowledged. @type {Batch[]} */
    this.kept = [];
  }

  /** How many observations the server is not known to have. */
  get waiting() {
    return this.kept.reduce((sum, { count }) => sum + count, this.open.length);
  }

  get delivered() {
    return this.ended && this.waiting === 0;
  }

  /** @param {ArrayBuffer} observation in the order of time */
  add(observation) {
    const { batchObservations, batchBytes } = this.limits;
    const bytes = this.open.reduce((sum, { length }) => sum + length, observation.byteLength);
    if (this.open.length === batchObservations || bytes > batchBytes) this.close();
    this.open.push(new Uint8Array(observation));
    this.added = this.clock();
  }

  /**
   * Return what to send now: all that is not acknowledged, as far as a message may hold it. Call it
   * twice a second while something waits. Batches before the first will not come.
   */
  message() {
    this.close();
    let bytes = 0;
    const beyond = this.kept.findIndex(({ observations }, i) => {
      bytes += observations.length;
      return i > 0 && bytes > this.limits.messageBytes;
    });
    const sent = beyond < 0 ? this.kept : this.kept.slice(0, beyond);
    return {
      first: sent[0]?.number ?? this.made + 1,
      batches: sent.map(({ number, observations }) => ({ number, observations })),
      age: this.clock() - (sent.at(-1)?.at ?? this.clock()),
      dropped: this.dropped,
    };
  }

  /**
   * Forget what the server has. What it says may come late or twice.
   * @param {number} number of the last batch that it has without a gap
   * @returns {boolean} whether that is news
   */
  acknowledge(number) {
    const before = this.kept.length;
    this.kept = this.kept.filter((batch) => batch.number > number);
    return this.kept.length < before;
  }

  /** Make a batch of what has come since the last one; what is too old or too much goes. */
  close() {
    const { keptBytes, keptSeconds } = this.limits;
    if (this.open.length) {
      const [observations, count] = [inBase64(this.open), this.open.length];
      this.kept.push({ number: ++this.made, observations, count, at: this.added });
      this.open = [];
    }
    const since = this.clock() - keptSeconds;
    let bytes = this.kept.reduce((sum, { observations }) => sum + observations.length, 0);
    while (this.kept[0] && (bytes > keptBytes || this.kept[0].at < since)) {
      bytes -= this.kept[0].observations.length;
      this.dropped += this.kept[0].count;
      this.kept.shift();
    }
  }
}

/** @returns {PhaseReport} */
const idle = () => ({ phase: "idle", code: "", detail: "" });

/** All that the server is not known to have: the runs, the oldest first, and how it is going. */
export class Outbox {
  /** @param {() => number} clock milliseconds */
  constructor(clock) {
    this.clock = clock;
    this.runs = /** @type {Batches[]} */ ([]);
    this.resultsAt = -Infinity;
    // When the first results went that were not acknowledged.
    this.unanswered = /** @type {number | null} */ (null);
    this.number = 0;
    this.sentAt = -Infinity;
    this.waits = false; // for an answer
    this.phase = idle();
    this.known = /** @type {PhaseReport | null} */ (null); // the last one that has arrived
    this.sent = /** @type {PhaseReport | null} */ (null); // the one of the last message
  }

  /** Another component is on the page: of how it is going, nothing has been said. */
  begin() {
    this.waits = false;
    this.phase = idle();
    this.known = null;
  }

  /** Whether the server has everything, and more will not come. */
  get delivered() {
    return this.runs.every((run) => run.delivered);
  }

  /** Whether the server has not answered for a while. */
  get lost() {
    const { unanswered } = this;
    return unanswered !== null && this.clock() - unanswered > CONNECTION_LOST_MILLISECONDS;
  }

  /** Begin a run; the one before it has ended. @param {About} about */
  open(about) {
    this.end();
    this.runs.push(new Batches(about));
  }

  /** The newest run has ended. */
  end() {
    for (const run of this.runs) run.ended = true;
    this.runs = this.runs.filter((run) => !run.delivered);
  }

  /** Forget all: the visitor has cleared the session. */
  clear() {
    this.runs = [];
    this.unanswered = null;
  }

  /** @param {ArrayBuffer} observation of the newest run */
  add(observation) {
    this.runs.at(-1)?.add(observation);
  }

  /**
   * Return the next message; null if there is nothing new, or it is not time yet.
   * @param {string} setup name of what the page has; "" if it has nothing
   * @param {boolean} [now] whether not to wait until it is time for results
   */
  next(setup, now = false) {
    const time = this.clock();
    if (this.waits && time - this.sentAt < MESSAGE_LOST_MILLISECONDS) return null;
    const due = now || time - this.resultsAt >= SEND_MILLISECONDS;
    const run = due ? this.runs.find(({ waiting }) => waiting > 0) : undefined;
    if (!run && setup && this.known === this.phase) return null;
    if (run) {
      this.resultsAt = time;
      this.unanswered ??= time;
    }
    this.sentAt = time;
    this.waits = true;
    this.sent = this.phase;
    return { number: ++this.number, setup, phase: this.phase, ...run?.about, ...run?.message() };
  }

  /** @param {number} heard number of the last message that has arrived */
  answered(heard) {
    if (heard !== this.number) return;
    this.waits = false;
    this.known = this.sent;
  }

  /**
   * @param {string} name of the run
   * @param {number} number highest batch of it that the server has, with all before it
   */
  acknowledge(name, number) {
    const run = this.runs.find(({ about }) => about.run === name);
    if (run?.acknowledge(number)) this.unanswered = null;
    this.runs = this.runs.filter((each) => !each.delivered);
  }
}

/** @param {Uint8Array[]} parts */
function inBase64(parts) {
  let text = "";
  for (const part of parts) for (const byte of part) text += String.fromCharCode(byte);
  return btoa(text);
}
