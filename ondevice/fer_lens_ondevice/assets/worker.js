/**
 * Analyses faces beside the page's thread. A classic worker: LiteRT's loader wants `importScripts`.
 * Messages are in types.js.
 */

/** @type {Promise<import("./engine/session.js").Session>} */
const session = Promise.all([
  import("./engine/engine.js"),
  import("./engine/pixels.js"),
  import("./engine/session.js"),
]).then(([{ Engine }, { pixelReader }, { Session }]) => {
  return new Session({ post, load: Engine.load, pixels: pixelReader() });
});

/**
 * @param {import("./types.js").FromWorker} message
 * @param {Transferable[]} [transfer]
 */
function post(message, transfer = []) {
  self.postMessage(message, { transfer });
}

self.addEventListener("message", ({ data }) => {
  session.then(
    (ready) => ready.take(data),
    (error) => post({ type: "failed", code: "network", detail: String(error) }),
  );
});
