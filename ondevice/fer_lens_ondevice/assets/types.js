/**
 * The types of what modules give each other, for `tsc --checkJs`; nothing is run here.
 *
 * @typedef {object} ServedFile
 * @property {string} url address, absolute or relative to the folder of the scripts
 * @property {string} sha256 of the bytes at that address, hexadecimal
 * @property {number} bytes
 *
 * @typedef {object} Networks what the server has prepared for one model
 * @property {string} key names the model and its weights
 * @property {Record<string, ServedFile>} detector by canvas, "rows x columns" as in "192x256"
 * @property {ServedFile} landmark
 * @property {ServedFile} expression
 *
 * @typedef {object} Runtime LiteRT's files
 * @property {string} path folder, relative to the folder of the scripts
 * @property {string} version
 * @property {Record<string, {sha256: string, bytes: number}>} files
 *
 * @typedef {object} Head
 * @property {string} name
 * @property {string[]} labels
 * @property {number} temperature
 * @property {string} output name of the network's output; "" for a blend
 * @property {Record<string, number>} blend weights by heads' names; empty for an output
 * @property {(number | null)[][]} thresholds of each label, without and with an issue; null: never
 *   answers
 * @property {number} margin
 *
 * @typedef {object} Model
 * @property {string} key
 * @property {Head[]} heads
 * @property {number} inputSize pixels
 * @property {number} channels
 * @property {import("./vision/types.js").Framing} framing
 *
 * @typedef {import("./vision/types.js").Constants} Constants
 */

/**
 * The networks. Each takes one input without the batch's axis in row-major order, and gives copies
 * that the caller may keep. One call at a time.
 *
 * @typedef {object} Run
 * @property {(canvas: string, values: Float32Array) => Promise<[Float32Array, Float32Array]>} detector
 *   (rows, columns, 3) in −1…1 → boxes (n, 16), logits (n)
 * @property {(values: Float32Array) => Promise<[Float32Array, number]>} landmark
 *   (192, 192, 3) in 0…1 → points (468, 3), logit of a face being there
 * @property {(values: Float32Array) => Promise<Record<string, Float32Array>>} expression
 *   (size, size, channels) in 0…255 → logits by the heads' outputs
 */

/**
 * A frame as the observer gets it.
 *
 * @typedef {object} Frame
 * @property {number} number counts the frames of this run that were sent to the worker
 * @property {number} seconds on the device's clock, since the run began
 * @property {number} width pixels, as the camera gave it
 * @property {number} height
 * @property {Uint8ClampedArray} rgba (height, width, 4)
 * @property {{head: string, smoothingSeconds: number}} settings
 * @property {number} received video frames that came since the last frame message
 * @property {number} shown those of them that were drawn
 * @property {number} draw milliseconds that the last overlay took
 * @property {number[]} wanted local ids of faces to look at closely
 *
 * @typedef {object} SeenFace
 * @property {number} id local: of this run on this device
 * @property {[number, number, number, number]} box x0, y0, x1, y1 in pixels of the working size
 * @property {[number, number]} velocity pixels per second
 * @property {boolean} isFace
 * @property {boolean[]} issues
 * @property {number[]} probabilities smoothed, of the chosen head
 *
 * @typedef {object} Seen
 * @property {number} number
 * @property {number} seconds
 * @property {number} width of the working size
 * @property {number} height
 * @property {boolean} black whether the camera is off
 * @property {SeenFace[]} faces
 * @property {ArrayBuffer} observation as it goes to the server
 */

/**
 * What the page posts to the worker.
 *
 * @typedef {object} LoadMessage once before anything else, and again with another model
 * @property {"load"} type
 * @property {string} base address of the folder of the scripts, with "/" at its end
 * @property {Runtime} runtime
 * @property {Networks} networks
 * @property {Constants} constants
 * @property {Model} model
 *
 * @typedef {ImageBitmap | VideoFrame} Picture of the camera
 *
 * @typedef {{type: "frame", bitmap: Picture} & Omit<Frame, "width" | "height" | "rgba">} FrameMessage
 *   whose bitmap is transferred
 * @typedef {LoadMessage | FrameMessage | {type: "end"}} ToWorker
 */

/**
 * What the worker posts to the page.
 *
 * @typedef {"memory" | "network" | "integrity" | "runtime" | "analysis"} FailureCode
 * @typedef {"wasm" | "webgpu"} Accelerator
 *
 * @typedef {{type: "seen"} & Seen} SeenMessage
 * @typedef {{type: "progress", loaded: number, total: number} | SeenMessage | {type: "ended"}
 *   | {type: "ready", accelerator: Accelerator, milliseconds: number}
 *   | {type: "failed", code: FailureCode, detail: string}} FromWorker  sizes are bytes; after
 *   "ended", the answer to "end", no "seen" comes
 */

/** @typedef {{head: string, smoothingSeconds: number, mirrored: boolean, bars: boolean}} Settings */

/**
 * @typedef {object} Setup  what stays the same while nobody changes it
 * @property {string} id  names all of it
 * @property {Runtime | null} runtime
 * @property {string} missing  why there is no runtime; "" if there is one
 * @property {Networks} networks
 * @property {Constants} constants
 * @property {Model} model
 * @property {number} boxSeconds  age at which boxes are not drawn any more
 * @property {{answers: Record<string, string>, people: string[]}} colours
 * @property {Record<string, string>} texts
 */

/**
 * @typedef {object} Reply  what the server says to the last batches
 * @property {string} run
 * @property {number} acknowledged  highest batch that it has, with all before it
 * @property {Record<string, number>} people  number of the person by local id, 0 without one yet
 * @property {number[]} wanted  local ids of faces to look at closely
 */

/**
 * @typedef {object} Data  what the page's Python side gives the component
 * @property {Setup | null} setup  null if the browser has said that it has it
 * @property {Settings} settings
 * @property {Reply | null} reply
 * @property {number} heard  number of the last message that has come
 * @property {number} generation
 * @property {boolean} stop  whether to end, as the visitor goes on with the server
 */

/** @typedef {{phase: PhaseName, code: string, detail: string}} PhaseReport */

/** @typedef {(name: string, value: unknown) => void} Trigger  the way back to the Python side */

/** @typedef {"idle" | "loading" | "running" | "paused" | "ending" | "ended" | "failed" | "unable"} PhaseName */

/**
 * @typedef {object} State  what the visitor is shown
 * @property {PhaseName} phase
 * @property {number} loaded  bytes
 * @property {number} total  bytes, 0 if that is not known
 * @property {string} note  name of a text; "" for none
 */

/**
 * @typedef {object} Parts  everything around a session
 * @property {import("./page/stream.js").Sources} sources
 * @property {import("./page/protocol.js").Outbox} outbox
 * @property {(seen: Seen | null) => void} mark  the picture
 * @property {() => {shown: number, draw: number}} drawn  since the last call
 * @property {(state: State) => void} show
 * @property {(phase: PhaseReport) => void} report
 * @property {() => string} newId
 */

/**
 * What is used of `@litertjs/core`, by hand: it is fetched when the package is built.
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
