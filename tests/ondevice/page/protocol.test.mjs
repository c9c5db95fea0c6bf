/** Batches over a network that loses, doubles, delays and disorders messages and replies. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Batches, LIMITS, Outbox } from "../../../ondevice/fer_lens_ondevice/assets/page/protocol.js";

const ABOUT = { run: "r", generation: 0, model: "a" };

/** An observation that is its number, padded. */
function observation(number, bytes = 8) {
  const view = new DataView(new ArrayBuffer(bytes));
  view.setUint32(0, number);
  return view.buffer;
}

/** The numbers of the observations in a batch. */
function numbers({ observations }, bytes = 8) {
  const content = Buffer.from(observations, "base64");
  return Array.from({ length: content.length / bytes }, (_, i) => content.readUInt32BE(i * bytes));
}

const clockOf = (time) => () => time.seconds;

function filled(count, limits = {}, bytes = 8, time = { seconds: 0 }) {
  const batches = new Batches(ABOUT, clockOf(time), { ...LIMITS, ...limits });
  for (let i = 1; i <= count; i++) batches.add(observation(i, bytes));
  return batches;
}

/** Takes what comes in order and without gaps, as `DeviceFeed` does. */
class Server {
  constructor() {
    this.acknowledged = 0;
    this.seen = [];
  }

  take({ first, batches }) {
    this.acknowledged = Math.max(this.acknowledged, first - 1);
    for (const batch of batches) {
      if (batch.number !== this.acknowledged + 1) continue;
      this.seen.push(...numbers(batch));
      this.acknowledged = batch.number;
    }
    return this.acknowledged;
  }
}

test("a batch goes again until it is acknowledged, and then never", () => {
  const batches = filled(3);
  const message = batches.message();
  assert.deepEqual(message.batches.map((batch) => numbers(batch)), [[1, 2, 3]]);
  assert.deepEqual(batches.message(), message);
  batches.add(observation(4));
  assert.deepEqual(batches.message().batches.map(({ number }) => number), [1, 2]);
  assert.equal(batches.waiting, 4);
  assert.equal(batches.acknowledge(1), true);
  assert.equal(batches.acknowledge(1), false);
  assert.deepEqual(batches.message().batches.map((batch) => numbers(batch)), [[4]]);
  assert.equal(batches.message().first, 2);
  batches.acknowledge(2);
  assert.equal(batches.waiting, 0);
  assert.equal(batches.message().first, 3);
});

test("a message says how old its newest observation is", () => {
  const time = { seconds: 100 };
  const batches = filled(1, { messageBytes: 1 }, 8, time);
  time.seconds = 100.25;
  assert.equal(batches.message().age, 0.25);
  batches.add(observation(2));
  time.seconds = 107;
  assert.equal(batches.message().age, 7, "of those that it holds");
  batches.acknowledge(1);
  assert.equal(batches.message().age, 6.75);
});

test("a batch has a limit in observations and in bytes, and a message one in bytes", () => {
  const sizes = (batches) => batches.message().batches.map((batch) => numbers(batch).length);
  assert.deepEqual(sizes(filled(7, { batchObservations: 3 })), [3, 3, 1]);
  assert.deepEqual(sizes(filled(5, { batchBytes: 20 })), [2, 2, 1]);
  assert.deepEqual(sizes(filled(2, { batchBytes: 1 })), [1, 1], "one at least");
  const all = { batchObservations: 1 };
  assert.deepEqual(sizes(filled(9, { ...all, messageBytes: 36 })), [1, 1, 1]);
  assert.deepEqual(sizes(filled(9, { ...all, messageBytes: 1 })), [1], "one at least");
});

test("the oldest go when there is too much, and are counted", () => {
  const batches = filled(10, { batchObservations: 2, keptBytes: 70 });
  const message = batches.message();
  assert.deepEqual(message.batches.map((batch) => numbers(batch)), [[7, 8], [9, 10]]);
  assert.deepEqual([message.first, message.dropped, batches.waiting], [4, 6, 4]);
});

test("what is too old goes, and is counted", () => {
  const time = { seconds: 0 };
  const batches = filled(2, { keptSeconds: 60 }, 8, time);
  batches.message();
  time.seconds = 59;
  batches.add(observation(3));
  assert.equal(batches.message().first, 1);
  time.seconds = 61;
  assert.deepEqual([batches.message().first, batches.dropped], [2, 2]);
  time.seconds = 120;
  assert.deepEqual(batches.message(), { first: 3, batches: [], age: 0, dropped: 3 });
});

/** Numbers that look random, the same in every run (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Carries things some steps later, twice, or not at all. */
class Line {
  constructor(chance, deliver) {
    Object.assign(this, { chance, deliver, carried: [] });
  }

  send(thing, step) {
    for (let copies = Math.floor(this.chance() * 3); copies > 0; copies--) {
      this.carried.push({ thing: structuredClone(thing), at: step + Math.floor(this.chance() * 12) });
    }
  }

  tick(step) {
    const due = this.carried.filter(({ at }) => at <= step);
    this.carried = this.carried.filter(({ at }) => at > step);
    due.sort(() => this.chance() - 0.5).forEach(({ thing }) => this.deliver(thing));
  }
}

test("over a bad line, nothing is lost, doubled or out of order", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const [chance, server] = [random(seed), new Server()];
    const batches = filled(0, { batchObservations: 4, messageBytes: 200 });
    const back = new Line(chance, (number) => batches.acknowledge(number));
    let step = 0;
    const there = new Line(chance, (message) => back.send(server.take(message), step));
    let added = 0;
    const stops = 50 + Math.floor(chance() * 100);
    while (step < stops || batches.waiting) {
      step += 1;
      assert.ok(step < 5000, "it comes to an end");
      const frames = step < stops ? Math.floor(chance() * 6) : 0;
      for (let i = 0; i < frames; i++) batches.add(observation(++added));
      const broken = step % 60 < 20; // neither way, for a third of the time
      if (!broken && batches.waiting) there.send(batches.message(), step);
      if (!broken) [there, back].forEach((line) => line.tick(step));
    }
    assert.deepEqual(server.seen, Array.from({ length: added }, (_, i) => i + 1));
    assert.equal(batches.dropped, 0);
  }
});

function opened() {
  const time = { now: 0 };
  const outbox = new Outbox(() => time.now);
  return { time, outbox };
}

test("who has nothing asks for the setup, and the phase is told until it is known", () => {
  const { outbox, time } = opened();
  const message = outbox.next("");
  assert.deepEqual(message, { number: 1, setup: "", phase: { phase: "idle", code: "", detail: "" } });
  assert.equal(outbox.next("s"), null, "it waits for the answer");
  outbox.answered(1);
  assert.equal(outbox.next("s"), null, "nothing is new");
  outbox.phase = { phase: "loading", code: "", detail: "" };
  assert.equal(outbox.next("s")?.phase.phase, "loading");
  time.now += 3001;
  assert.equal(outbox.next("s")?.phase.phase, "loading", "the message was lost");
  outbox.answered(2);
  assert.equal(outbox.next("s"), null, "an answer to an earlier message is none to the last");
});

test("a phase that changes while a message is under way is told after it", () => {
  const { outbox } = opened();
  outbox.next("s");
  outbox.phase = { phase: "failed", code: "camera", detail: "" };
  outbox.answered(1);
  assert.equal(outbox.next("s")?.phase.code, "camera");
});

test("results go twice a second, and again until they are acknowledged", () => {
  const { outbox, time } = opened();
  outbox.next("s");
  outbox.answered(1);
  outbox.open(ABOUT);
  outbox.add(new ArrayBuffer(3));
  assert.equal(outbox.next("s")?.batches.length, 1);
  outbox.answered(2); // heard, but not taken
  assert.equal(outbox.next("s"), null, "too early");
  time.now += 500;
  assert.equal(outbox.next("s")?.batches.length, 1);
  outbox.acknowledge("r", 1);
  outbox.answered(3);
  time.now += 500;
  assert.equal(outbox.next("s"), null);
});

test("ten seconds without a connection lose nothing, and are said", () => {
  const { outbox, time } = opened();
  outbox.open(ABOUT);
  for (let i = 0; i < 20; i++) {
    outbox.add(Uint8Array.of(i).buffer);
    outbox.next("s");
    time.now += 500;
  }
  assert.ok(outbox.lost);
  time.now += 3000;
  const message = outbox.next("s");
  const bytes = message.batches.flatMap(({ observations }) => [...Buffer.from(observations, "base64")]);
  assert.deepEqual(bytes, Array.from({ length: 20 }, (_, i) => i));
  outbox.acknowledge("r", message.batches.at(-1).number);
  assert.equal(outbox.lost, false);
  outbox.end();
  assert.ok(outbox.delivered);
});
