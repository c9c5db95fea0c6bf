import assert from "node:assert/strict";
import { test } from "node:test";

import { DeviceNetworks } from "../../../ondevice/fer_lens_ondevice/assets/engine/networks.js";

const NETWORKS = {
  key: "k",
  detector: Object.fromEntries(["a", "b", "c", "d"].map((c) => [c, { url: c, sha256: c, bytes: 1 }])),
  landmark: { url: "l", sha256: "l", bytes: 1 },
  expression: { url: "e", sha256: "e", bytes: 1 },
};
const MODEL = { heads: [{ output: "ferplus" }, { output: "" }, { output: "expression" }] };

/** By the name of a file: its outputs, each with as many values. */
const SHAPES = {
  l: { points: [1, 1, 1, 1404], presence: [1, 1, 1, 1] },
  e: { map: [1, 2, 2, 7], expression: [1, 7], ferplus: [1, 8] },
};
const DETECTOR = { logits: [1, 4, 1], boxes: [1, 4, 16] };

/** LiteRT as far as it is used, which counts what lives; an output is full of its place. */
function fakeLiteRt({ broken = () => false } = {}) {
  const alive = { tensors: 0, models: [] };
  class Tensor {
    constructor(values) {
      this.values = values;
      alive.tensors++;
    }
    async data() {
      return this.values.slice();
    }
    delete() {
      alive.tensors--;
    }
  }
  const loadAndCompile = async (content, { accelerator, gpuOptions }) => {
    assert.equal(gpuOptions.precision, "fp32");
    const name = new TextDecoder().decode(content);
    const outputs = Object.entries(SHAPES[name] ?? DETECTOR);
    const id = `${name} ${accelerator}`;
    alive.models.push(id);
    return {
      getInputDetails: () => [{ name: "image", shape: Int32Array.of(1, 2, 3) }],
      getOutputDetails: () => outputs.map(([n, shape]) => ({ name: n, shape: Int32Array.from(shape) })),
      run: async ([input]) => {
        assert.equal(input.values.length, 6);
        if (broken(id)) throw new Error(`${id} is broken`);
        return outputs.map(([, shape], place) => {
          return new Tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(place));
        });
      },
      delete: () => alive.models.splice(alive.models.indexOf(id), 1),
    };
  };
  return { litert: { Tensor, loadAndCompile, getWebGpuDevice: () => null }, alive };
}

const contentOf = async ({ sha256 }) => new TextEncoder().encode(sha256);
const INPUT = new Float32Array(6);
const settle = () => new Promise((resolve) => setTimeout(resolve));

test("a network is compiled once, and the oldest canvases go", async () => {
  const { litert, alive } = fakeLiteRt();
  const networks = new DeviceNetworks(litert, contentOf, NETWORKS, MODEL, "wasm");
  for (const canvas of ["a", "a", "b", "c", "d"]) await networks.run.detector(canvas, INPUT);
  await networks.run.landmark(INPUT);
  await settle();
  assert.deepEqual(alive.models, ["b wasm", "c wasm", "d wasm", "l wasm"]);
  networks.delete();
  await settle();
  assert.deepEqual(alive.models, []);
});

test("where the graphics processor fails while it runs, wasm goes on", async () => {
  let lost = false;
  const { litert, alive } = fakeLiteRt({ broken: (id) => lost && id.endsWith("webgpu") });
  const networks = new DeviceNetworks(litert, contentOf, NETWORKS, MODEL, "webgpu");
  await networks.runAll("a");
  assert.equal(networks.accelerator, "webgpu");
  lost = true;
  const [points] = await networks.run.landmark(INPUT);
  assert.equal(points.length, 1404);
  assert.equal(networks.accelerator, "wasm");
  await settle();
  assert.deepEqual(alive.models, ["l wasm"]);
});

test("a trial of the graphics processor says nothing of wasm", async () => {
  const { litert, alive } = fakeLiteRt({ broken: (id) => id.endsWith("webgpu") });
  const on = (accelerator) => new DeviceNetworks(litert, contentOf, NETWORKS, MODEL, accelerator);
  const trial = on("webgpu").trial("a");
  await assert.rejects(trial.run(), /webgpu fails here/);
  trial.delete();
  const good = on("wasm").trial("a");
  assert.equal((await good.run()).length, 2 + 2 + 3);
  good.delete();
  await settle();
  assert.deepEqual(alive.models, []);
});

test("another model takes the place of the one before, and no network is compiled twice", async () => {
  const { litert, alive } = fakeLiteRt();
  const networks = new DeviceNetworks(litert, contentOf, NETWORKS, MODEL, "wasm");
  await networks.runAll("a");
  SHAPES.own = { own: [1, 3] };
  const other = { ...NETWORKS, expression: { url: "own", sha256: "own", bytes: 1 } };
  await networks.answerWith(other, { heads: [{ output: "own" }] });
  assert.deepEqual(Object.keys(await networks.run.expression(INPUT)), ["own"]);
  await networks.runAll("a");
  await settle();
  assert.deepEqual(alive.models.toSorted(), ["a wasm", "l wasm", "own wasm"]);
});

test("a model that cannot be fetched changes nothing", async () => {
  const { litert } = fakeLiteRt();
  const failing = async (file) => {
    if (file.sha256 === "gone") throw new Error("404");
    return contentOf(file);
  };
  const networks = new DeviceNetworks(litert, failing, NETWORKS, MODEL, "wasm");
  const other = { ...NETWORKS, expression: { url: "x", sha256: "gone", bytes: 1 } };
  await assert.rejects(networks.answerWith(other, { heads: [] }), /404/);
  assert.deepEqual(Object.keys(await networks.run.expression(INPUT)), ["ferplus", "expression"]);
});

test("a canvas or an output that is not there is told", async () => {
  const { litert, alive } = fakeLiteRt();
  const model = { heads: [{ output: "nothing" }] };
  const { run } = new DeviceNetworks(litert, contentOf, NETWORKS, model, "wasm");
  await assert.rejects(run.detector("512x512", INPUT), { code: "analysis" });
  await assert.rejects(run.expression(INPUT), { code: "runtime" });
  assert.equal(alive.tensors, 0, "what is allocated for a call is freed when it fails");
});
