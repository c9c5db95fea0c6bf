import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure } from "../../../ondevice/fer_lens_ondevice/assets/engine/failure.js";
import { MessageLoop } from "../../../ondevice/fer_lens_ondevice/assets/engine/loop.js";

const RGBA = new Uint8ClampedArray(4);

/** A loop whose engine looks at a frame until it is told to go on. */
function opened({ load, see } = {}) {
  const posted = [];
  const looks = [];
  const engine = {
    networks: { accelerator: "wasm" },
    swap: async ({ model }) => { engine.model = model; },
    observer: { see: see ?? ((frame) => new Promise((resolve) => {
      looks.push({ frame, finish: () => resolve({ number: frame.number, observation: new ArrayBuffer(2) }) });
    })) },
  };
  const loop = new MessageLoop({
    post: (message, transfer) => posted.push({ ...message, transfer }),
    load: load ?? (async () => engine),
    pixels: async ({ width, height }) => ({ width, height, rgba: RGBA }),
  });
  return { loop, posted, looks, engine, types: () => posted.map(({ code, type }) => code ?? type) };
}

function frame(number) {
  const bitmap = { width: 8, height: 6, closed: false, close() { this.closed = true; } };
  return { type: "frame", number, seconds: number / 10, bitmap, settings: {}, wanted: [4] };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

test("a frame gets its answer, whose bytes are handed over, and its picture is closed", async () => {
  const { loop, posted, looks, types } = opened();
  loop.take({ type: "load" });
  const first = frame(1);
  loop.take(first);
  await settle();
  const { bitmap, type: _, ...rest } = first;
  assert.deepEqual(looks[0].frame, { ...rest, width: 8, height: 6, rgba: RGBA });
  looks[0].finish();
  await settle();
  assert.ok(bitmap.closed);
  assert.deepEqual(types(), ["ready", "seen"]);
  assert.deepEqual(posted[1].transfer, [posted[1].observation]);
});

test("the end, and another model, come after the frame that is being looked at", async () => {
  const { loop, looks, types, engine } = opened();
  for (const message of [{ type: "load" }, frame(1), { type: "load", model: "other" }, { type: "end" }]) {
    loop.take(message);
  }
  await settle();
  assert.deepEqual([types(), engine.model], [["ready"], undefined]);
  looks[0].finish();
  await settle();
  assert.deepEqual([types(), engine.model], [["ready", "seen", "ready", "ended"], "other"]);
});

test("a start that fails says why, and can be tried again", async () => {
  let attempts = 0;
  const { loop, posted, types, engine } = opened({
    load: async () => {
      if (!attempts++) throw new Failure("integrity", "spoiled");
      return engine;
    },
  });
  const lost = frame(1);
  for (const message of [{ type: "load" }, lost, { type: "load" }]) loop.take(message);
  await settle();
  assert.deepEqual(types(), ["integrity", "ready"]);
  assert.equal(posted[0].detail, "spoiled");
  assert.ok(lost.bitmap.closed);
});

test("a frame that cannot be analysed is told, and the next one is looked at", async () => {
  const { loop, types } = opened({
    see: async ({ number }) => {
      if (number === 1) throw new TypeError("x is undefined");
      return { number, observation: new ArrayBuffer(1) };
    },
  });
  for (const message of [{ type: "load" }, frame(1), frame(2)]) await loop.take(message);
  assert.deepEqual(types(), ["ready", "analysis", "seen"]);
});

test("progress is not told for every piece, but for the last", async () => {
  const { loop, posted, engine } = opened({
    load: async (_, onProgress) => {
      for (let i = 1; i <= 1000; i++) onProgress(i, 1000);
      return engine;
    },
  });
  await loop.take({ type: "load" });
  const told = posted.filter(({ type }) => type === "progress");
  assert.ok(told.length < 100);
  assert.deepEqual([told.at(-1).loaded, told.at(-1).total], [1000, 1000]);
});
