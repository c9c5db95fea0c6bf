/** Which accelerator runs the networks: the graphics processor where it is right and faster. */

/** @import { Accelerator } from "../types.js" */

/**
 * @typedef {{run: () => Promise<Float32Array[]>, delete: () => void}} Trial  of the networks on one
 *   accelerator: all of them run once, on the same input each time
 */

/** Runs whose median counts, after one that only warms up. */
const RUNS = 5;

/** Milliseconds after which the graphics processor is given up: the visitor waits. */
const PATIENCE = 2500;

/** Largest difference of an output, as a share of the largest value beside it. */
const TOLERANCE = 0.01;

/**
 * The accelerator that gives wasm's answers in less time; wasm where anything goes wrong.
 * @param {(accelerator: Accelerator) => Promise<Trial>} prepare
 * @param {() => number} now milliseconds
 * @param {number} patience milliseconds
 * @returns {Promise<Accelerator>}
 */
export async function faster(prepare, now = () => performance.now(), patience = PATIENCE) {
  let late = false;
  const wasm = await measured(prepare, "wasm", now);
  const webgpu = measured(prepare, "webgpu", now, () => late).catch(() => undefined);
  /** @type {Promise<undefined>} */
  const tired = new Promise((resolve) => setTimeout(resolve, patience, undefined));
  const found = await Promise.race([webgpu, tired]);
  late = true;
  if (!found || !agree(wasm.answers, found.answers)) return "wasm";
  return found.milliseconds < wasm.milliseconds ? "webgpu" : "wasm";
}

/**
 * @param {(accelerator: Accelerator) => Promise<Trial>} prepare @param {Accelerator} accelerator
 * @param {() => number} now
 * @param {() => boolean} isLate whether nobody waits for it any more
 */
async function measured(prepare, accelerator, now, isLate = () => false) {
  const trial = await prepare(accelerator);
  try {
    const answers = await trial.run();
    const times = [];
    for (let i = 0; i < RUNS && !isLate(); i++) {
      const start = now();
      await trial.run();
      times.push(now() - start);
    }
    times.sort((a, b) => a - b);
    return { answers, milliseconds: times[Math.floor(RUNS / 2)] ?? Infinity };
  } finally {
    trial.delete();
  }
}

/**
 * Whether two accelerators say the same.
 * @param {Float32Array[]} expected @param {Float32Array[]} found
 */
export function agree(expected, found) {
  return expected.every((values, i) => {
    const others = found[i];
    if (others?.length !== values.length) return false;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    // Written so that what is no number agrees with nothing.
    return values.every((v, j) => Math.abs(v - (others[j] ?? NaN)) <= TOLERANCE * largest);
  });
}
