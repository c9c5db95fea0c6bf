/**
 * Observations as bytes, for the server. Where each value stands is said by Python's
 * `fer.ondevice.wire.wire_layout`, which reads them.
 */

/** @import { Observed } from "./vision/types.js" */

/** @typedef {"u1" | "u2" | "u4" | "f4" | "f8"} Kind as numpy calls them */
/** @typedef {[offset: number, kind: Kind, count: number]} Field */

/**
 * @typedef {object} Layout
 * @property {number} version
 * @property {number} black flag of a frame from a camera that is off
 * @property {number} cut flag of a frame with which another scene begins
 * @property {number} believed bit beside a face's issues: earlier close looks have found a face
 * @property {number} maxFaces
 * @property {number} maxObservations in one batch
 * @property {(keyof Observed["milliseconds"] | "draw")[]} stages
 * @property {number} headerBytes
 * @property {Record<string, Field>} header
 * @property {number} faceBytes of a face without its logits, which follow it
 * @property {Record<string, Field>} face
 */

/**
 * @typedef {Pick<import("./types.js").Frame, "number" | "seconds" | "draw" | "received" | "shown">
 *   } FrameFacts  what the page knows of the frame
 */

/** @type {Record<Kind, (view: DataView, at: number, value: number) => void>} */
const WRITE = {
  u1: (view, at, value) => view.setUint8(at, value),
  u2: (view, at, value) => view.setUint16(at, value, true),
  u4: (view, at, value) => view.setUint32(at, value, true),
  f4: (view, at, value) => view.setFloat32(at, value, true),
  f8: (view, at, value) => view.setFloat64(at, value, true),
};
const BYTES = { u1: 1, u2: 2, u4: 4, f4: 4, f8: 8 };
const MOST_U2 = 0xffff;

/**
 * Return what was seen in a frame as bytes.
 * @param {Observed} observed the faces after the first `maxFaces` are left out
 * @param {FrameFacts} frame @param {Layout} layout
 * @returns {ArrayBuffer}
 */
export function packObservation(observed, frame, layout) {
  const count = Math.min(observed.faces.count, layout.maxFaces);
  const scores = observed.logits.slice(0, count).map((logits) => {
    return observed.outputs.flatMap((output) => Array.from(logits[output]));
  });
  const width = scores.length ? scores[0].length : 0;
  const faceBytes = layout.faceBytes + width * BYTES.f4;
  const view = new DataView(new ArrayBuffer(layout.headerBytes + count * faceBytes));
  putAll(view, 0, layout.header, {
    version: [layout.version],
    flags: [(observed.black ? layout.black : 0) | (observed.cut ? layout.cut : 0)],
    width: [observed.width],
    height: [observed.height],
    faces: [count],
    logits: [width],
    number: [frame.number],
    seconds: [frame.seconds],
    milliseconds: layout.stages.map((stage) => ({ ...observed.milliseconds, ...frame })[stage]),
    received: [Math.min(frame.received, MOST_U2)],
    shown: [Math.min(frame.shown, MOST_U2)],
  });
  scores.forEach((logits, face) => {
    const at = layout.headerBytes + face * faceBytes;
    putAll(view, at, layout.face, faceValues(observed, face, layout));
    putAll(view, at, { logits: [layout.faceBytes, "f4", width] }, { logits });
  });
  return view.buffer;
}

/**
 * @param {Observed} observed @param {number} face @param {Layout} layout
 * @returns {Record<string, ArrayLike<number>>}
 */
function faceValues({ faces, looks, evidence, issues, ids, believed }, face, layout) {
  /** @param {Float32Array} values (n, …) */
  const part = (values) => {
    const length = values.length / faces.count;
    return values.subarray(face * length, (face + 1) * length);
  };
  const marks = issues[face].reduce((bits, marked, i) => bits | (marked ? 1 << i : 0), 0);
  return {
    box: part(faces.boxes),
    score: part(faces.scores),
    points: part(faces.points),
    evidence: part(evidence),
    issues: [marks | (believed[face] ? layout.believed : 0)],
    unused: [0],
    id: [ids[face]],
    visible: inBytes(part(looks.visible)),
    colours: inBytes(part(looks.colours)),
  };
}

/** Return shares of 0…1 as 0…255. @param {Float32Array} shares */
function inBytes(shares) {
  return Uint8ClampedArray.from(shares, (share) => 255 * share); // which rounds
}

/**
 * @param {DataView} view @param {number} start @param {Record<string, Field>} fields
 * @param {Record<string, ArrayLike<number>>} values
 */
function putAll(view, start, fields, values) {
  for (const [name, [offset, kind, count]] of Object.entries(fields)) {
    const { length } = values[name];
    if (length !== count) throw new Error(`expected ${count} values, got ${length}`);
    for (let i = 0; i < count; i++) WRITE[kind](view, start + offset + i * BYTES[kind], values[name][i]);
  }
}
