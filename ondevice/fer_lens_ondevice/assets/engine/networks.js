/** The networks of a model on one accelerator, each compiled when it is first asked. */

import { Failure } from "./failure.js";

/** @import { Accelerator, Model, Networks, Run, ServedFile } from "../types.js" */
/** @import { CompiledModel, LiteRt } from "../types.js" */

/**
 * @typedef {{name: string, size: number, last: number | undefined}} Output name, values, last side
 * @typedef {{model: CompiledModel, shape: number[], outputs: Output[]}} Network with one input
 */

/** Shapes of the detector that are kept: those of a phone that is turned, and one more. */
const MOST_CANVASES = 3;

/** Values of a detector's box, and of the landmark network's points. */
const BOX_VALUES = 16;
const POINT_VALUES = 3 * 468;

export class DeviceNetworks {
  /**
   * @param {LiteRt} litert @param {(file: ServedFile) => Promise<Uint8Array>} contentOf
   * @param {Networks} networks @param {Model} model @param {Accelerator} accelerator
   */
  constructor(litert, contentOf, networks, model, accelerator) {
    this.litert = litert;
    this.contentOf = contentOf;
    this.networks = networks;
    this.accelerator = accelerator;
    this.outputs = outputsOf(model);
    /** By SHA-256. @type {Map<string, Promise<Network>>} */
    this.compiled = new Map();
    /** @type {Run} */
    this.run = {
      detector: async (canvas, values) => /** @type {any} */ (
        this.answers(this.detectorFile(canvas), values, (outputs) => [
          outputs.findIndex(({ last }) => last === BOX_VALUES),
          outputs.findIndex(({ last }) => last === 1),
        ])
      ),
      landmark: async (values) => {
        const [points, [presence]] = /** @type {any} */ (
          await this.answers(this.networks.landmark, values, (outputs) => [
            outputs.findIndex(({ size }) => size === POINT_VALUES),
            outputs.findIndex(({ size }) => size === 1),
          ])
        );
        return [points, presence];
      },
      expression: async (values) => {
        const wanted = this.outputs;
        const logits = await this.answers(this.networks.expression, values, (outputs) =>
          wanted.map((output) => outputs.findIndex(({ name }) => name === output)),
        );
        return /** @type {any} */ (Object.fromEntries(wanted.map((name, i) => [name, logits[i]])));
      },
    };
  }

  /**
   * Run every network once.
   * @param {string} canvas of the detector
   * @returns {Promise<Float32Array[]>} what they answer
   */
  async runAll(canvas) {
    const files = [this.detectorFile(canvas), this.networks.landmark, this.networks.expression];
    const answers = [];
    for (const file of files) {
      const length = product((await this.network(file)).shape);
      const pattern = Float32Array.from({ length }, (_, i) => Math.sin(i / 7));
      answers.push(...(await this.answers(file, pattern, (outputs) => [...outputs.keys()])));
    }
    return answers;
  }

  /**
   * What tells how these networks do on their accelerator, and on no other.
   * @param {string} canvas of the detector
   */
  trial(canvas) {
    const asked = this.accelerator;
    const run = async () => {
      const answers = await this.runAll(canvas);
      if (this.accelerator !== asked) throw new Failure("runtime", `${asked} fails here`);
      return answers;
    };
    return { run, delete: () => this.delete() };
  }

  /**
   * Answer with another model from now on. If it cannot be run, nothing changes.
   * @param {Networks} networks @param {Model} model
   */
  async answerWith(networks, model) {
    await this.network(networks.expression);
    this.networks = networks;
    this.outputs = outputsOf(model);
    const used = new Set(allFiles(networks).map(({ sha256 }) => sha256));
    for (const old of [...this.compiled.keys()].filter((sha256) => !used.has(sha256))) {
      this.forget(old);
    }
  }

  /** Free all networks. */
  delete() {
    for (const sha256 of [...this.compiled.keys()]) this.forget(sha256);
  }

  /**
   * Ask a network; on the graphics processor once more without it, if it fails there: drivers are
   * restarted, and laptops change from one processor to another.
   * @param {ServedFile} file @param {Float32Array} values
   * @param {(outputs: Output[]) => number[]} wanted places of the outputs
   * @returns {Promise<Float32Array[]>} copies, as they are wanted
   */
  async answers(file, values, wanted) {
    try {
      const network = await this.network(file);
      return await this.ask(network, values, wanted(network.outputs));
    } catch (error) {
      if (this.accelerator === "wasm") throw error;
      this.delete();
      this.accelerator = "wasm";
      return this.answers(file, values, wanted);
    }
  }

  /**
   * Run a network. What LiteRT allocates for a call is freed when the call ends.
   * @param {Network} network
   * @param {Float32Array} values of the input, row-major
   * @param {number[]} wanted places of outputs
   */
  async ask({ model, shape }, values, wanted) {
    const input = new this.litert.Tensor(values, shape);
    try {
      const outputs = await model.run([input]);
      try {
        if (wanted.some((place) => !outputs[place])) {
          throw new Failure("runtime", "a network lacks an output");
        }
        return await Promise.all(wanted.map((place) => outputs[place].data()));
      } finally {
        for (const output of outputs) output.delete();
      }
    } finally {
      input.delete();
    }
  }

  /** @param {ServedFile} file */
  network(file) {
    const known = this.compiled.get(file.sha256);
    if (known) return known;
    // Half precision would be faster, but the answers would not be those of the server.
    const options = { accelerator: this.accelerator, gpuOptions: { precision: "fp32" } };
    const made = this.contentOf(file)
      .then((content) => this.litert.loadAndCompile(content, options))
      .then(described);
    this.compiled.set(file.sha256, made);
    made.catch(() => this.compiled.delete(file.sha256)); // the next call tries again
    const detectors = new Set(Object.values(this.networks.detector).map(({ sha256 }) => sha256));
    const canvases = [...this.compiled.keys()].filter((sha256) => detectors.has(sha256));
    for (const old of canvases.slice(0, -MOST_CANVASES)) this.forget(old);
    return made;
  }

  /** @param {string} sha256 */
  forget(sha256) {
    this.compiled.get(sha256)?.then(({ model }) => model.delete(), () => {});
    this.compiled.delete(sha256);
  }

  /** @param {string} canvas */
  detectorFile(canvas) {
    const file = this.networks.detector[canvas];
    if (!file) throw new Failure("analysis", `there is no detector for ${canvas}`);
    return file;
  }
}

/** @param {CompiledModel} model @returns {Network} */
function described(model) {
  const outputs = model.getOutputDetails().map(({ name, shape }) => {
    return { name, size: product(shape), last: shape.at(-1) };
  });
  return { model, shape: Array.from(model.getInputDetails()[0]?.shape ?? []), outputs };
}

/** @param {ArrayLike<number>} sides */
function product(sides) {
  return Array.from(sides).reduce((whole, side) => whole * side, 1);
}

/** @param {Networks} networks */
export function allFiles({ detector, landmark, expression }) {
  return [...Object.values(detector), landmark, expression];
}

/** The outputs of the network that its heads need. @param {Model} model */
function outputsOf({ heads }) {
  return [...new Set(heads.map(({ output }) => output).filter(Boolean))];
}
