/** A browser's camera, worker and page, as far as a session needs them. */

import { Outbox } from "../../../ondevice/fer_lens_ondevice/assets/page/protocol.js";
import { Session } from "../../../ondevice/fer_lens_ondevice/assets/page/session.js";

/** Lets everything run that waits for a promise. */
export const settled = () => new Promise((done) => setImmediate(done));

export class FakeWorker {
  constructor() {
    this.posted = [];
    this.terminated = false;
  }

  postMessage(message) {
    this.posted.push(message);
  }

  terminate() {
    this.terminated = true;
  }

  get frames() {
    return this.posted.filter(({ type }) => type === "frame");
  }

  says(message) {
    this.onmessage?.({ data: message });
  }

  /** Answer the newest frame. */
  sees(faces = []) {
    const { number, seconds } = this.frames.at(-1);
    const observation = Uint8Array.of(number).buffer;
    this.says({ type: "seen", number, seconds, width: 640, height: 480, black: false, faces, observation, milliseconds: {} });
  }
}

export const model = (key = "a") => ({ key, heads: [{ name: "expression", labels: ["happy", "sad"], thresholds: [0, 0], margin: 0 }] });

export const setup = (key = "a", other = {}) => ({ id: `setup-${key}`, runtime: {}, missing: "", networks: {}, constants: {}, model: model(key), texts: {}, ...other });

/** A session with everything around it, and what happened to it. */
export class World {
  constructor() {
    this.milliseconds = 0;
    this.workers = [];
    this.cameras = [];
    this.reports = [];
    this.marks = [];
    this.steps = [];
    this.shown = null;
    this.ids = 0;
    this.refuse = null; // the error that a camera is refused with
    const clock = () => this.milliseconds;
    this.outbox = new Outbox(clock);
    this.session = new Session({
      sources: {
        openCamera: (id, events) => this.openCamera(id, events),
        openWorker: () => this.workers[this.workers.push(new FakeWorker()) - 1],
        base: "/",
        clock,
        play: async () => {},
        grab: async () => ({ close: () => {} }),
        later: (step) => this.steps.push(step),
      },
      outbox: this.outbox,
      mark: (seen) => this.marks.push(seen),
      drawn: () => ({ shown: 3, draw: 1.5 }),
      show: (state) => (this.shown = state),
      report: (phase) => {
        this.reports.push(phase);
        this.outbox.phase = phase;
      },
      newId: () => `run-${++this.ids}`,
    });
    this.data = { setup: setup(), settings: { head: "expression", smoothingSeconds: 0.6, mirrored: true, bars: true }, reply: null, heard: 0, generation: 0, stop: false };
    this.session.update(this.data);
  }

  async openCamera(id, events) {
    if (this.refuse) throw Object.assign(new Error(), { name: this.refuse });
    const camera = { id, events, stream: {}, on: true, stop: () => (camera.on = false) };
    this.cameras.push(camera);
    return camera;
  }

  get worker() {
    return this.workers.at(-1);
  }

  get camera() {
    return this.cameras.at(-1);
  }

  /** The page's Python side gives other data. */
  update(data) {
    this.data = { ...this.data, ...data };
    this.session.update(this.data);
  }

  /** The server takes a message, if one goes now, and answers. */
  deliver() {
    const message = this.outbox.next(this.session.setup.id);
    if (!message) return null;
    this.outbox.answered(message.number);
    if (message.run) {
      const acknowledged = message.batches.at(-1)?.number ?? 0;
      this.update({ reply: { run: message.run, acknowledged, generation: 0, people: { 1: 7 }, wanted: [1] } });
    }
    return message;
  }

  /** Start, with camera and networks there at once. */
  async started() {
    const start = this.session.start();
    await settled();
    this.worker.says({ type: "ready", accelerator: "wasm", milliseconds: 1 });
    await start;
    return this;
  }

  /** A frame of the video comes, and goes to the worker if that is free. */
  async frame() {
    this.milliseconds += 70; // more than a fast device needs
    this.session.stream?.pump.arrived();
    await settled();
  }
}
