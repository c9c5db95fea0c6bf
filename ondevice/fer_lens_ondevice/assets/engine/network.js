/** One network, compiled. */

import { Failure } from "./failure.js";

/** @import { Accelerator } from "../types.js" */
/** @import { LiteRt, CompiledModel } from "./litert_types.js" */

/** A network with one input. What LiteRT allocates for a call is freed when the call ends. */
export class Network {
  /**
   * @param {LiteRt} litert
   * @param {CompiledModel} model
   */
  constructor(litert, model) {
    this.litert = litert;
    this.model = model;
    this.shape = Array.from(model.getInputDetails()[0]?.shape ?? []);
    /** Name and number of values of each output. */
    this.outputs = model.getOutputDetails().map(({ name, shape }) => ({
      name,
      size: shape.reduce((product, side) => product * side, 1),
      last: shape.at(-1),
    }));
  }

  /**
   * @param {LiteRt} litert
   * @param {Uint8Array} content of a .tflite file
   * @param {Accelerator} accelerator
   */
  static async compile(litert, content, accelerator) {
    // Half precision would be faster, but the answers would not be those of the server.
    const options = { accelerator, gpuOptions: { precision: "fp32" } };
    return new Network(litert, await litert.loadAndCompile(content, options));
  }

  /**
   * @param {Float32Array} values of the input, row-major
   * @param {number[]} wanted places of outputs
   * @returns {Promise<Float32Array[]>} copies, as they are wanted
   */
  async run(values, wanted) {
    const input = new this.litert.Tensor(values, this.shape);
    try {
      const outputs = await this.model.run([input]);
      try {
        return await Promise.all(wanted.map((place) => (outputs[place] ?? noOutput()).data()));
      } finally {
        for (const output of outputs) output.delete();
      }
    } finally {
      input.delete();
    }
  }

  /** Number of values of the input. */
  get inputSize() {
    return this.shape.reduce((product, side) => product * side, 1);
  }

  delete() {
    this.model.delete();
  }
}

/** @returns {never} */
function noOutput() {
  throw new Failure("runtime", "a network lacks an output");
}
