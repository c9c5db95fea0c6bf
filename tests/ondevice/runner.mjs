/**
 * Calls functions of the scripts for `tests.ondevice.node.Node`, which writes a line of JSON for
 * each and reads one. Arrays are base64 of their bytes. Where a script needs a network, the line
 * asks for it, and the next one that is read answers.
 */
import { createInterface } from "node:readline";

const ASSETS = new URL("../../ondevice/fer_lens_ondevice/assets/", import.meta.url);
const ARRAYS = { Uint8Array, Uint8ClampedArray, Uint16Array, Int32Array, Float32Array, Float64Array };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const objects = new Map();

function decoded(key, value) {
  if (!value?.$array) return value;
  const bytes = Buffer.from(value.base64, "base64");
  return new ARRAYS[value.$array](Uint8Array.from(bytes).buffer);
}

function encoded(key, given) {
  const value = given instanceof ArrayBuffer ? new Uint8Array(given) : given;
  if (!ArrayBuffer.isView(value)) return value;
  const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  return { $array: value.constructor.name, base64 };
}

const say = (value) => process.stdout.write(`${JSON.stringify(value, encoded)}\n`);
const hear = async () => JSON.parse((await lines.next()).value, decoded);

/** What Python runs, as if it ran here. */
const asked = (name) => async (...args) => {
  say({ ask: name, args });
  return hear();
};
const run = { detector: asked("detector"), landmark: asked("landmark"), expression: asked("expression") };
const named = Object.fromEntries(Object.entries(run).map(([name, of]) => [`run.${name}`, of]));
named.run = run;

async function called({ module, name, args, on, make }) {
  if (on) return objects.get(on)[name](...args);
  const found = (await import(new URL(module, ASSETS)))[name];
  if (!make) return found(...args);
  objects.set(make, new found(...args.map((value) => (typeof value === "string" && value.startsWith("run") ? named[value] : value))));
  return null;
}

for (;;) {
  const { value, done } = await lines.next();
  if (done) break;
  try {
    say({ result: (await called(JSON.parse(value, decoded))) ?? null });
  } catch (error) {
    say({ error: error.stack });
  }
}
