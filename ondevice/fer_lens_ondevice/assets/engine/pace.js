/** How often a device analyses: no more than anybody sees, and never all the time. */

/** Least milliseconds from one analysis to the next: 15 a second. */
const LEAST_PERIOD = 1000 / 15;

/** Share of the time that is left to the rest of the device. */
const IDLE_SHARE = 0.2;

export class Pace {
  /**
   * @param {() => number} now milliseconds
   * @param {(milliseconds: number) => Promise<void>} wait
   */
  constructor(now = () => performance.now(), wait = sleep) {
    this.now = now;
    this.wait = wait;
    this.next = -Infinity;
  }

  /** Wait until another analysis may begin. */
  async turn() {
    const left = this.next - this.now();
    if (left > 0) await this.wait(left);
  }

  /**
   * Do something, and put off the next turn by as much as that took.
   *
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  async during(act) {
    const start = this.now();
    try {
      return await act();
    } finally {
      const duration = this.now() - start;
      this.next = start + Math.max(LEAST_PERIOD, duration / (1 - IDLE_SHARE));
    }
  }
}

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
