import assert from "node:assert/strict";
import test from "node:test";

import { Observer } from "../../../ondevice/fer_lens_ondevice/assets/vision/observer.js";
import { CONSTANTS } from "./made.js";

const HEADS = [
  { name: "both", labels: ["a", "b"], temperature: 1, blend: { one: 1 }, output: "" },
  { name: "one", labels: ["a", "b"], temperature: 2, blend: {}, output: "x" },
].map((head) => ({ ...head, thresholds: [0.5, 0.5], margin: 0 }));

const MODEL = {
  key: "m",
  heads: HEADS,
  inputSize: 48,
  channels: 1,
  framing: { side: 48, points: [[15, 19], [33, 19]], boxCentre: [24, 27], boxSide: 41 },
};

/** Return networks that see a face in the middle, and a list of what was asked of them. */
function networks({ presence = 30, logit = 3, logits = [2, 0] } = {}) {
  const asked = [];
  const run = {
    detector: async (canvas) => {
      asked.push(canvas);
      const boxes = new Float32Array(4 * 16);
      boxes.set([8, 8, 16, 16, 4, 4, 12, 4, 8, 9, 8, 12, 2, 6, 14, 6]);
      return [boxes, Float32Array.of(logit, -9, -9, -9)];
    },
    landmark: async () => {
      asked.push("landmark");
      return [Float32Array.of(1.5, 1.5, 0, 6.5, 6.5, 0), presence];
    },
    expression: async (values) => {
      asked.push("expression");
      assert.equal(values.length, 48 * 48);
      return { x: Float32Array.from(logits) };
    },
  };
  return { run, asked };
}

function frame(seconds, level = 120, change = {}) {
  const rgba = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) =>
    level ? level + ((i * 31) % 60) : 0,
  );
  const settings = { head: "both", smoothingSeconds: 0 };
  return { number: 1, seconds, width: 64, height: 64, rgba, settings, wanted: [], ...change };
}

test("a face is found, looked at once, measured and classified", async () => {
  const { run, asked } = networks();
  const observer = new Observer(CONSTANTS, MODEL, run);
  const { observed, faces } = await observer.observe(frame(0));
  assert.deepEqual(asked, ["32x32", "landmark", "landmark", "expression"]);
  assert.equal(observed.faces.count, 1);
  assert.deepEqual(Array.from(observed.faces.boxes), [16, 16, 48, 48]);
  assert.deepEqual(Array.from(observed.ids), [1]);
  assert.deepEqual(observed.outputs, ["x"]);
  assert.ok(observed.evidence[0] > 12);
  const [face] = faces;
  assert.deepEqual([face.id, face.isFace, face.box], [1, true, [16, 16, 48, 48]]);
  assert.ok(Math.abs(face.probabilities[0] - 1 / (1 + Math.exp(-1))) < 1e-6);
  assert.equal(face.flaws.length, 4);
  await observer.observe(frame(0.1));
  assert.deepEqual(asked.slice(4), ["32x32", "expression"]);
});

test("what the close look refuses is told, but is no face", async () => {
  const observer = new Observer(CONSTANTS, MODEL, networks({ presence: -9 }).run);
  const { observed, faces } = await observer.observe(frame(0));
  assert.equal(faces[0].isFace, false);
  assert.ok(observed.evidence[0] < 12);
  const later = await observer.observe(frame(0.05));
  assert.ok(Number.isNaN(later.observed.evidence[0]));
});

test("an unsure detection is told, and not shown", async () => {
  const observer = new Observer(CONSTANTS, MODEL, networks({ logit: 0 }).run);
  const { observed, faces } = await observer.observe(frame(0));
  assert.deepEqual([observed.faces.count, observed.ids[0], faces.length], [1, 0, 0]);
  assert.equal(observed.logits.length, 1);
});

test("a frame of a camera that is off is not analysed", async () => {
  const { run, asked } = networks();
  const { observed, faces } = await new Observer(CONSTANTS, MODEL, run).observe(frame(0, 0));
  assert.deepEqual([observed.black, observed.faces.count, faces, asked], [true, 0, [], []]);
});

test("nobody is a frame as well", async () => {
  const observer = new Observer(CONSTANTS, MODEL, networks({ logit: -9 }).run);
  const { observed, faces } = await observer.observe(frame(0));
  assert.deepEqual([observed.black, observed.faces.count, faces], [false, 0, []]);
  assert.equal(observed.evidence.length, 0);
});

test("another model answers, with its own networks, and the face keeps its number", async () => {
  const [before, after] = [networks(), networks({ logits: [0, 2] })];
  const observer = new Observer(CONSTANTS, MODEL, before.run);
  await observer.observe(frame(0));
  before.asked.length = 0;
  observer.answerWith({ ...MODEL, key: "n" }, after.run);
  const settings = { head: "one", smoothingSeconds: 5 };
  const wanted = [1];
  const { faces } = await observer.observe(frame(0.1, 120, { settings, wanted }));
  assert.deepEqual(before.asked, []);
  assert.deepEqual(after.asked, ["32x32", "landmark", "landmark", "expression"]);
  assert.equal(faces[0].id, 1);
  assert.ok(faces[0].probabilities[1] > 0.5);
});

test("an unknown head is the usual one", async () => {
  const observer = new Observer(CONSTANTS, MODEL, networks().run);
  const settings = { head: "gone", smoothingSeconds: 0 };
  const { faces } = await observer.observe(frame(0, 120, { settings }));
  assert.equal(faces[0].probabilities.length, 2);
});

test("time that goes back begins a new run, light included", async () => {
  const observer = new Observer(CONSTANTS, MODEL, networks().run);
  await observer.observe(frame(5));
  const { light } = observer;
  const { faces } = await observer.observe(frame(1, 60));
  assert.notEqual(observer.light, light);
  assert.equal(faces[0].id, 2);
});
