/** One message at a time, whatever is to be told. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../../ondevice/fer_lens_ondevice/assets/page/protocol.js";

const ABOUT = { run: "r", generation: 0, model: "a" };

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
