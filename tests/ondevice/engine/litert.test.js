import assert from "node:assert/strict";
import { test } from "node:test";

import { filesOf, variant } from "../../../ondevice/fer_lens_ondevice/assets/engine/litert.js";
import { failureOf } from "../../../ondevice/fer_lens_ondevice/assets/engine/failure.js";

/** WebAssembly of a browser that understands so many kinds of SIMD. */
const understands = (kinds) => {
  const known = [];
  return {
    validate: (bytes) => {
      assert.ok(WebAssembly.validate(bytes), "the module itself is right");
      if (known.length < kinds) known.push(bytes);
      return known.includes(bytes);
    },
  };
};

test("relaxed SIMD is used where it is there", () => {
  assert.equal(variant(understands(2), 8), "litert_wasm_internal");
});

test("without relaxed SIMD there is a variant", () => {
  assert.equal(variant(understands(1), undefined), "litert_wasm_compat_internal");
});

test("without SIMD or WebAssembly there is none", () => {
  assert.throws(() => variant(understands(0), 8), { code: "simd" });
  assert.throws(() => variant(undefined, 8), { code: "simd" });
});

test("a device with too little memory is refused", () => {
  assert.throws(() => variant(understands(2), 0.5), { code: "memory" });
  assert.equal(variant(understands(2), 1), "litert_wasm_internal");
});

test("a variant's files have addresses in the runtime's folder", () => {
  const known = { sha256: "ab", bytes: 3 };
  const runtime = { path: "runtime/", version: "1", files: { "v.js.gz": known, "v.wasm.gz": known } };
  const folder = "https://app.example/x/runtime/";
  assert.deepEqual(filesOf(runtime, folder, "v"), [
    { url: `${folder}v.js.gz`, ...known },
    { url: `${folder}v.wasm.gz`, ...known },
  ]);
  assert.throws(() => filesOf(runtime, folder, "other"), { code: "runtime" });
});

test("running out of memory is told from other errors", () => {
  assert.equal(failureOf(new RangeError("WebAssembly.Memory(): could not allocate memory"), "runtime").code, "memory");
  assert.equal(failureOf(new Error("Aborted(OOM: Cannot enlarge memory arrays)"), "analysis").code, "memory");
  assert.equal(failureOf("what", "analysis").code, "analysis");
  assert.equal(failureOf(failureOf("what", "simd"), "analysis").code, "simd");
});
