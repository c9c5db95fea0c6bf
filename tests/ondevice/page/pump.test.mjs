/** How often frames go to the worker. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FramePump } from "../../../ondevice/fer_lens_ondevice/assets/page/pump.js";
import { settled } from "./fakes.mjs";

/** When frames go of a camera of 100 frames a second, to a worker that takes so long. */
async function sent(duration, until) {
  const world = { now: 0, steps: [], frames: [] };
  const pump = new FramePump({
    grab: async () => ({ close: () => {} }),
    send: (frame) => {
      world.frames.push(frame);
      world.steps.push({ at: world.now + duration, step: () => pump.done() });
    },
    clock: () => world.now,
    later: (step, milliseconds) => world.steps.push({ at: world.now + milliseconds, step }),
  });
  pump.start();
  for (; world.now <= until; world.now++) {
    if (world.now % 10 === 0) pump.arrived();
    const due = world.steps.filter(({ at }) => at <= world.now);
    world.steps = world.steps.filter(({ at }) => at > world.now);
    for (const { step } of due) step();
    await settled();
  }
  return { pump, times: world.frames.map(({ seconds }) => Math.round(1000 * seconds)), ...world };
}

test("a fast device analyses fifteen times a second, the newest frame", async () => {
  const { times, frames } = await sent(5, 210);
  assert.deepEqual(times, [0, 67, 134, 201]);
  assert.deepEqual(frames.map(({ number }) => number), [1, 2, 3, 4]);
  assert.deepEqual(frames.map(({ received }) => received), [1, 6, 7, 7]);
});

test("a device that needs longer is idle for a fifth of the time", async () => {
  const { pump, times } = await sent(200, 1100);
  assert.deepEqual(times, [0, 250, 500, 750, 1000]);
  assert.equal(pump.slow, false);
});

test("a slow device rests as long as it works", async () => {
  const { pump, times } = await sent(800, 9000);
  assert.deepEqual(times.slice(0, 5), [0, 1000, 2000, 3000, 4000]);
  assert.deepEqual(times.slice(5), [5600, 7200, 8800]);
  assert.ok(pump.slow);
});
