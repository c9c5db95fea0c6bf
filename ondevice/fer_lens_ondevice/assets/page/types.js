// Types of what the scripts of the page pass on to each other, and to and from Python; nothing runs.

/** @typedef {import("../types.js").Head} Head */
/** @typedef {import("../types.js").Seen} Seen */
/** @typedef {import("../types.js").SeenFace} SeenFace */

/** @typedef {{head: string, smoothingSeconds: number, mirrored: boolean, bars: boolean}} Settings */

/**
 * @typedef {object} Setup  what stays the same while nobody changes it
 * @property {string} id  names all of it
 * @property {import("../types.js").Runtime | null} runtime
 * @property {string} missing  why there is no runtime; "" if there is one
 * @property {import("../types.js").Networks} networks
 * @property {import("../types.js").Constants} constants
 * @property {import("../types.js").Model} model
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
 * @property {import("./stream.js").Sources} sources
 * @property {import("./protocol.js").Outbox} outbox
 * @property {(seen: Seen | null) => void} mark  the picture
 * @property {() => {shown: number, draw: number}} drawn  since the last call
 * @property {(state: State) => void} show
 * @property {(phase: PhaseReport) => void} report
 * @property {(step: () => void, milliseconds: number) => void} later
 * @property {() => string} newId
 */

export {};
