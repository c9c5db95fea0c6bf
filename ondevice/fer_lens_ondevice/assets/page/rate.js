// How often a device can analyse: a slow one is given time to breathe.

/** Median milliseconds of an analysis from which a device counts as slow, and is not any more. */
const SLOW = 400;
const QUICK = 300;

/** Analyses that the median is of. The first ones are slow everywhere. */
const WINDOW = 9;
const FEWEST = 5;

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
