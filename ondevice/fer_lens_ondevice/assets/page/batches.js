/**
 * Observations on their way to the server: numbered batches, sent again and again until the server
 * has acknowledged them. Nothing is lost when messages are, and nothing counts twice.
 */

/**
 * @typedef {object} Batch
 * @property {number} number from 1
 * @property {string} observations base64 of observations one after another, see ../wire.js
 *
 * @typedef {object} Message what `app.live.device.messages.Message` needs of a run's batches
 * @property {number} first number of the oldest batch that is kept: those before it will not come
 * @property {Batch[]} batches those that are not acknowledged, the oldest first, in one piece
 * @property {number} age seconds since the newest observation in them was added
 * @property {number} dropped observations that had to go, see `Limits`
 *
 * @typedef {object} Limits
 * @property {number} batchObservations observations in a batch; the server takes no more
 * @property {number} batchBytes of a batch, if it has more than one observation
 * @property {number} messageBytes of a message, if it has more than one batch
 * @property {number} keptBytes of all that is kept; the oldest batches go when there is more
 * @property {number} keptSeconds for how long a batch is kept
 *
 * @typedef {Batch & {count: number, at: number}} Kept number of observations; time of the last one
 */

/** @type {Limits} */
export const LIMITS = {
  batchObservations: 64,
  batchBytes: 64_000,
  messageBytes: 256_000,
  keptBytes: 8_000_000,
  keptSeconds: 900,
};

/** The batches of one run. */
export class Batches {
  /**
   * @param {() => number} clock seconds, always forward
   * @param {Limits} limits
   */
  constructor(clock = () => performance.now() / 1000, limits = LIMITS) {
    this.clock = clock;
    this.limits = limits;
    /** Observations that are in no batch yet. @type {Uint8Array[]} */
    this.open = [];
    /** When the last one was added. */
    this.added = 0;
    /** @type {Kept[]} */
    this.kept = [];
    this.made = 0;
    /** How many observations had to go before they were acknowledged. */
    this.dropped = 0;
  }

  /** How many observations the server is not known to have. */
  get waiting() {
    return this.kept.reduce((sum, { count }) => sum + count, this.open.length);
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
   * twice a second while something waits.
   *
   * @returns {Message}
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
   *
   * @param {number} number of the last batch that it has without a gap
   * @returns {boolean} whether that is news
   */
  acknowledge(number) {
    const before = this.kept.length;
    this.kept = this.kept.filter((batch) => batch.number > number);
    return this.kept.length < before;
  }

  /** Make a batch of what has come since the last one. */
  close() {
    if (this.open.length) {
      const [observations, count] = [inBase64(this.open), this.open.length];
      this.kept.push({ number: ++this.made, observations, count, at: this.added });
      this.open = [];
    }
    this.forget();
  }

  /** Let the oldest batches go, as far as they are too old or too many. */
  forget() {
    const { keptBytes, keptSeconds } = this.limits;
    const since = this.clock() - keptSeconds;
    let bytes = this.kept.reduce((sum, { observations }) => sum + observations.length, 0);
    const stays = this.kept.findIndex(({ observations, at }) => {
      const goes = bytes > keptBytes || at < since;
      bytes -= observations.length;
      return !goes;
    });
    const gone = this.kept.splice(0, stays < 0 ? this.kept.length : stays);
    this.dropped += gone.reduce((sum, { count }) => sum + count, 0);
  }
}

/** @param {Uint8Array[]} parts */
function inBase64(parts) {
  let text = "";
  for (const part of parts) for (const byte of part) text += String.fromCharCode(byte);
  return btoa(text);
}
