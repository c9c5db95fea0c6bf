/**
 * What is used of `@litertjs/core`, by hand: the runtime is fetched when the package is built.
 *
 * @typedef {object} Tensor
 * @property {() => Promise<Float32Array>} data a copy
 * @property {() => void} delete
 *
 * @typedef {object} TensorDetails
 * @property {string} name
 * @property {Int32Array} shape
 *
 * @typedef {object} CompiledModel
 * @property {() => readonly TensorDetails[]} getInputDetails
 * @property {() => readonly TensorDetails[]} getOutputDetails
 * @property {(inputs: Tensor[]) => Promise<Tensor[]>} run in the order of the details
 * @property {() => void} delete
 *
 * @typedef {object} LiteRt the module's exports
 * @property {new (values: Float32Array, shape: number[]) => Tensor} Tensor
 * @property {(content: Uint8Array, options: object) => Promise<CompiledModel>} loadAndCompile
 * @property {() => {adapterInfo?: {isFallbackAdapter?: boolean}} | null | undefined} getWebGpuDevice
 */

export {};
