/** Starts LiteRT in a worker, from files that are kept compressed. */

import { Failure, failureOf } from "./failure.js";

/** @import { Runtime } from "../types.js" */
/** @import { LiteRt } from "../types.js" */

/** @typedef {Promise<Uint8Array<ArrayBuffer>>} Content */

/** The smallest module with an instruction of relaxed SIMD. */
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15,
  65, 2, 253, 15, 253, 128, 2, 11,
]);

/** The variant of LiteRT that this browser, which knows SIMD, can run: name of its files. */
export function variant({ validate } = WebAssembly) {
  return validate(RELAXED_SIMD) ? "litert_wasm_internal" : "litert_wasm_compat_internal";
}

/**
 * The two files of a variant, as `FileStore` wants them.
 * @param {Runtime} runtime
 * @param {string} folder address of the runtime's folder
 * @param {string} name of the variant
 */
export function filesOf(runtime, folder, name) {
  return [`${name}.js.gz`, `${name}.wasm.gz`].map((file) => {
    const known = runtime.files[file];
    if (!known) throw new Failure("runtime", `the runtime lacks ${file}`);
    return { url: new URL(file, folder).href, ...known };
  });
}

/**
 * LiteRT, ready to compile networks.
 * @param {string} folder address of the runtime's folder
 * @param {Content} loader gzipped script
 * @param {Content} binary gzipped WebAssembly
 * @returns {Promise<LiteRt>}
 */
export async function startLiteRt(folder, loader, binary) {
  const [zippedScript, zippedWasm] = await Promise.all([loader, binary]);
  const script = await new Response(unzipped(zippedScript)).blob();
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    const headers = { "Content-Type": "application/wasm" };
    const [litert, compiled] = await Promise.all([
      import(new URL("litert.js", folder).href),
      WebAssembly.compileStreaming(new Response(unzipped(zippedWasm), { headers })),
    ]);
    // By its end LiteRT tells the address of a script from that of a folder.
    await settled((module) => {
      Object.assign(globalThis, { Module: module });
      return litert.loadLiteRt(`${url}#.js`);
    }, compiled);
    return litert;
  } catch (error) {
    throw failureOf(error, "runtime");
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Load, unless the WebAssembly cannot be instantiated: of that LiteRT's loader would never tell.
 * @param {(module: object) => Promise<unknown>} load @param {WebAssembly.Module} compiled
 */
function settled(load, compiled) {
  return new Promise((resolve, reject) => {
    const quiet = () => {}; // LiteRT says as errors what it does
    /**
     * @param {WebAssembly.Imports} imports
     * @param {(instance: WebAssembly.Instance, module: WebAssembly.Module) => void} done
     */
    const instantiateWasm = (imports, done) => {
      WebAssembly.instantiate(compiled, imports).then((made) => done(made, compiled), reject);
      return {};
    };
    load({ print: quiet, printErr: quiet, instantiateWasm }).then(resolve, reject);
  });
}

/** @param {Uint8Array<ArrayBuffer>} content gzipped */
function unzipped(content) {
  return new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
}
