import assert from "node:assert/strict";
import { test } from "node:test";

import { agree, faster } from "../../../ondevice/fer_lens_ondevice/assets/engine/accelerator.js";

const ANSWER = [Float32Array.of(1, -20, 0.5), Float32Array.of(3)];

/** Accelerators that take so many milliseconds, on a clock that only they move. */
function accelerators({ wasm = 10, webgpu, answer = ANSWER, fails = () => {} }) {
  let clock = 0;
  const freed = [];
  const prepare = async (accelerator) => ({
    run: async () => {
      clock += accelerator === "wasm" ? wasm : webgpu;
      if (accelerator === "webgpu") fails();
      return accelerator === "wasm" ? ANSWER : answer;
    },
    delete: () => freed.push(accelerator),
  });
  return { prepare, now: () => clock, freed };
}

test("the graphics processor is used where it is faster and says the same", async () => {
  const { prepare, now, freed } = accelerators({ webgpu: 4 });
  assert.equal(await faster(prepare, now), "webgpu");
  assert.deepEqual(freed, ["wasm", "webgpu"]);
});

for (const [why, options] of [
  ["it is slower", { webgpu: 11 }],
  ["it is as fast", { webgpu: 10 }],
  ["it says something else", { webgpu: 4, answer: [Float32Array.of(1, -20, 0.9), ANSWER[1]] }],
  ["it says nothing that is a number", { webgpu: 4, answer: [Float32Array.of(1, NaN, 0), ANSWER[1]] }],
  ["it says less", { webgpu: 4, answer: [ANSWER[0]] }],
  ["it fails", { webgpu: 4, fails: () => { throw new Error("device lost"); } }],
]) {
  test(`wasm is used where the graphics processor is there, but ${why}`, async () => {
    const { prepare, now, freed } = accelerators(options);
    assert.equal(await faster(prepare, now), "wasm");
    assert.deepEqual(freed, ["wasm", "webgpu"]);
  });
}

test("wasm is used where the graphics processor cannot be prepared", async () => {
  const { prepare, now } = accelerators({ webgpu: 1 });
  const only = async (which) => {
    if (which === "webgpu") throw new Error("no adapter");
    return prepare(which);
  };
  assert.equal(await faster(only, now), "wasm");
});

test("a graphics processor that never answers is given up", async () => {
  const { prepare, now } = accelerators({ webgpu: 1 });
  const stuck = (which) => (which === "webgpu" ? new Promise(() => {}) : prepare(which));
  assert.equal(await faster(stuck, now, 1), "wasm");
});

test("small differences are none, beside large values", () => {
  assert.ok(agree([Float32Array.of(100, 1)], [Float32Array.of(100.5, 1.5)]));
  assert.ok(!agree([Float32Array.of(100, 1)], [Float32Array.of(102, 1)]));
  assert.ok(agree([Float32Array.of()], [Float32Array.of()]));
});
