/** Which browsers can analyse by themselves. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { incapable } from "../../../ondevice/fer_lens_ondevice/assets/page/camera.js";

const BROWSER = {
  Worker: class {},
  OffscreenCanvas: class {},
  createImageBitmap: () => {},
  WebAssembly,
  navigator: {},
};

for (const [name, lacks, problem] of [
  ["has everything", {}, ""],
  ["does not tell its memory", { navigator: { deviceMemory: undefined } }, ""],
  ["has no workers", { Worker: undefined }, "worker"],
  ["cannot draw in a worker", { OffscreenCanvas: undefined }, "worker"],
  ["has no WebAssembly", { WebAssembly: undefined }, "simd"],
  ["has no SIMD", { WebAssembly: { validate: () => false } }, "simd"],
  ["has little memory", { navigator: { deviceMemory: 1 } }, "memory"],
]) {
  test(`a browser that ${name}`, () => assert.equal(incapable({ ...BROWSER, ...lacks }), problem));
}
