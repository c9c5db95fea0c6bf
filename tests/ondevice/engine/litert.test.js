import assert from "node:assert/strict";
import { test } from "node:test";

import { filesOf, variant } from "../../../ondevice/fer_lens_ondevice/assets/engine/litert.js";
import { failureOf } from "../../../ondevice/fer_lens_ondevice/assets/engine/failure.js";

test("relaxed SIMD is used where it is there; without it there is a variant", () => {
  const asked = (known) => variant({ validate: (bytes) => WebAssembly.validate(bytes) && known });
  assert.equal(asked(true), "litert_wasm_internal");
  assert.equal(asked(false), "litert_wasm_compat_internal");
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
