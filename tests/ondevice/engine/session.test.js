import assert from "node:assert/strict";
import { test } from "node:test";

import { Pace } from "../../../ondevice/fer_lens_ondevice/assets/engine/pace.js";
import { Session } from "../../../ondevice/fer_lens_ondevice/assets/engine/session.js";
import { Failure } from "../../../ondevice/fer_lens_ondevice/assets/engine/failure.js";

/** A session whose engine looks at a frame until it is told to go on. */
function opened({ load, see, pixels = read } = {}) {
  const posted = [];
  const looks = [];
  const engine = {
    accelerator: "wasm",
    swap: async ({ model }) => { engine.model = model; },
    see: see ?? ((frame) => new Promise((resolve) => {
      looks.push({ frame, finish: () => resolve({ number: frame.number, observation: new ArrayBuffer(2) }) });
    })),
  };
  const session = new Session({
    post: (message, transfer) => posted.push({ ...message, transfer }),
    load: load ?? (async () => engine),
    pixels,
    pace: new Pace(() => 0, async () => {}),
  });
  return { session, posted, looks, engine, types: () => posted.map(({ type }) => type) };
}

const read = async ({ width, height }) => ({ width, height, rgba: new Uint8ClampedArray(4) });

function frame(number, rest = {}) {
  const bitmap = { width: 8, height: 6, closed: false, close() { this.closed = true; } };
  return { type: "frame", number, seconds: number / 10, bitmap, settings: {}, ...rest };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

test("a frame gets its answer, whose bytes are handed over, and its picture is closed", async () => {
  const { session, posted, looks } = opened();
  session.take({ type: "load" });
  const first = frame(1, { received: 2, shown: 2, draw: 3, wanted: [4] });
  session.take(first);
  await settle();
  const { bitmap: _, type: __, ...told } = first;
  assert.deepEqual(looks[0].frame, { ...told, width: 8, height: 6, rgba: new Uint8ClampedArray(4) });
  assert.ok(first.bitmap.closed);
  looks[0].finish();
  await settle();
  assert.deepEqual(posted.map(({ type }) => type), ["ready", "seen"]);
  assert.deepEqual(posted[1].transfer, [posted[1].observation]);
});

test("of the frames that come meanwhile, the newest is looked at, and nothing is forgotten", async () => {
  const { session, looks } = opened();
  session.take({ type: "load" });
  session.take(frame(1));
  await settle();
  const skipped = [frame(2, { received: 1, shown: 1, wanted: [7] }), frame(3, { received: 2, shown: 1 })];
  for (const one of skipped) session.take(one);
  session.take(frame(4, { received: 1, shown: 1, draw: 5, wanted: [7, 8] }));
  looks[0].finish();
  await settle();
  assert.equal(looks.length, 2);
  const { number, received, shown, draw, wanted } = looks[1].frame;
  assert.deepEqual({ number, received, shown, draw, wanted }, { number: 4, received: 4, shown: 3, draw: 5, wanted: [7, 8] });
  assert.ok(skipped.every(({ bitmap }) => bitmap.closed));
});

test("the end comes after the frame that is being looked at, and no frame after it", async () => {
  const { session, looks, types } = opened();
  session.take({ type: "load" });
  session.take(frame(1));
  await settle();
  const last = frame(2);
  session.take(last);
  session.take({ type: "end" });
  await settle();
  assert.deepEqual(types(), ["ready"]);
  looks[0].finish();
  await settle();
  assert.deepEqual(types(), ["ready", "seen", "ended"]);
  assert.ok(last.bitmap.closed);
});

test("an end without a start is an end", async () => {
  const { session, types } = opened();
  session.take({ type: "end" });
  await settle();
  assert.deepEqual(types(), ["ended"]);
});

test("a frame that comes before everything is loaded waits", async () => {
  let loaded;
  const { session, looks, engine } = opened({ load: () => new Promise((resolve) => { loaded = resolve; }) });
  session.take(frame(1));
  session.take({ type: "load" });
  await settle();
  assert.equal(looks.length, 0);
  loaded(engine);
  await settle();
  assert.equal(looks.length, 1);
});

test("another model is loaded between two frames", async () => {
  const { session, looks, types, engine } = opened();
  session.take({ type: "load" });
  session.take(frame(1));
  await settle();
  session.take({ type: "load", model: "other" });
  session.take(frame(2));
  await settle();
  assert.equal(engine.model, undefined);
  looks[0].finish();
  await settle();
  assert.equal(engine.model, "other");
  assert.deepEqual(types(), ["ready", "seen", "ready"]);
  assert.equal(looks[1].frame.number, 2);
});

test("a start that fails says why, and can be tried again", async () => {
  let attempts = 0;
  const { session, posted, engine } = opened({
    load: async () => {
      if (!attempts++) throw new Failure("integrity", "spoiled");
      return engine;
    },
  });
  session.take({ type: "load" });
  await settle();
  const { type, code, detail } = posted[0];
  assert.deepEqual({ type, code, detail }, { type: "failed", code: "integrity", detail: "spoiled" });
  session.take({ type: "load" });
  await settle();
  assert.equal(posted[1].type, "ready");
});

test("a frame that cannot be analysed is told, and the next one is looked at", async () => {
  const { session, posted } = opened({
    see: async ({ number }) => {
      if (number === 1) throw new TypeError("x is undefined");
      return { number, observation: new ArrayBuffer(1) };
    },
  });
  session.take({ type: "load" });
  session.take(frame(1));
  await settle();
  session.take(frame(2));
  await settle();
  assert.deepEqual(posted.map(({ type, code }) => code ?? type), ["ready", "analysis", "seen"]);
});

test("progress is not told for every piece, but for the last", async () => {
  const { session, posted, engine } = opened({
    load: async (_, onProgress) => {
      for (let i = 1; i <= 1000; i++) onProgress(i, 1000);
      return engine;
    },
  });
  session.take({ type: "load" });
  await settle();
  const told = posted.filter(({ type }) => type === "progress");
  assert.ok(told.length < 100);
  assert.deepEqual([told.at(-1).loaded, told.at(-1).total], [1000, 1000]);
});

/** When analyses begin that take so long, on a clock of their own. */
async function beginnings(duration, count = 4) {
  let clock = 0;
  const pace = new Pace(() => clock, async (milliseconds) => { clock += milliseconds; });
  const begun = [];
  for (let i = 0; i < count; i++) {
    await pace.turn();
    begun.push(clock);
    await pace.during(async () => { clock += duration; });
  }
  return begun;
}

test("a fast device analyses fifteen times a second", async () => {
  assert.deepEqual((await beginnings(5)).map(Math.round), [0, 67, 133, 200]);
});

test("a slow device is idle for a fifth of the time", async () => {
  assert.deepEqual((await beginnings(400)).map(Math.round), [0, 500, 1000, 1500]);
});

test("an analysis that fails takes its time too", async () => {
  let clock = 0;
  const pace = new Pace(() => clock, async (milliseconds) => { clock += milliseconds; });
  await assert.rejects(pace.during(async () => { clock += 80; throw new Error("no"); }), /no/);
  await pace.turn();
  assert.equal(Math.round(clock), 100);
});
