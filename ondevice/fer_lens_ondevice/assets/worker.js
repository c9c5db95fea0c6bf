/**
 * Analyses faces beside the page's thread. A classic worker: LiteRT's loader wants `importScripts`.
 * Messages are in types.js.
 */

/** @type {Promise<import("./engine/loop.js").MessageLoop>} */
const loop = Promise.all([
  import("./engine/engine.js"),
  import("./engine/pixels.js"),
  import("./engine/loop.js"),
]).then(([{ Engine }, { pixelReader }, { MessageLoop }]) => {
  return new MessageLoop({ post, load: Engine.load, pixels: pixelReader() });
});

/** @param {import("./types.js").FromWorker} message @param {Transferable[]} [transfer] */
function post(message, transfer = []) {
  self.postMessage(message, { transfer });
}

self.addEventListener("message", ({ data }) => {
  loop.then(
    (ready) => ready.take(data),
    (error) => post({ type: "failed", code: "network", detail: String(error) }),
  );
});
