// Added to the page before its own scripts, with SAMPLE and the places of some fields put in: a worker that analyses nothing, and
// answers ten times a second with what a real one has found once. Many such pages fit a machine.
(() => {
  const sample = SAMPLE;
  const bytes = Uint8Array.from(sample.observation);
  const INTERVAL = 100;

  // A picture of a few pixels, drawn once a second, instead of a camera's.
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 12 });
    const context = canvas.getContext("2d");
    setInterval(() => context.fillRect(0, 0, 16, 12), INTERVAL);
    return canvas.captureStream();
  };
  window.requestAnimationFrame = (step) => setTimeout(() => step(performance.now()), 1000);

  window.Worker = class extends EventTarget {
    #last = 0;

    postMessage(message) {
      if (message.type === "load") {
        this.#answer({ type: "ready", accelerator: "wasm", milliseconds: 0 }, 0);
      } else if (message.type === "frame") {
        message.bitmap.close();
        const wait = Math.max(0, this.#last + INTERVAL - performance.now());
        this.#last = performance.now() + wait;
        this.#answer(this.#seen(message), wait);
      }
    }

    terminate() {}

    #seen({ number, seconds }) {
      const observation = bytes.slice().buffer;
      const view = new DataView(observation);
      view.setUint32(NUMBER_OFFSET, number, true);
      view.setFloat64(SECONDS_OFFSET, seconds, true);
      view.setFloat32(EVIDENCE_OFFSET, 20, true); // as if it had just looked closely
      return { ...sample, type: "seen", number, seconds, black: false, observation };
    }

    #answer(data, wait) {
      setTimeout(() => {
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        this.onmessage?.(event);
      }, wait);
    }
  };
})();
