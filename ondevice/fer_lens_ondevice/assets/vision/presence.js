/** Is a track a face at all? What close looks have said so far; as `fer.tracking.track`. */

/**
 * @typedef {object} Presence
 * @property {number} mean  of the evidence, newest looks counting most
 * @property {number} looks  how many there were
 * @property {number} nextLook  time from which to look again, in seconds
 * @property {boolean} isFace  as far as is known
 */

/** @type {Readonly<Presence>} */
export const UNSEEN = Object.freeze({ mean: 0, looks: 0, nextLook: -Infinity, isFace: false });

/**
 * Return what is known after another look.
 *
 * @param {Readonly<Presence>} before
 * @param {number} evidence  what was seen now
 * @param {number} seconds  time of the frame
 * @param {import("./types.js").PresenceConstants} constants
 * @returns {Presence}
 */
export function after(before, evidence, seconds, constants) {
  const { faceEvidence, noFace, newest, firstWait, longestWait } = constants;
  const mean = before.looks ? before.mean + newest * (evidence - before.mean) : evidence;
  const isFace = mean >= (before.isFace ? noFace : faceEvidence);
  const sure = evidence >= faceEvidence ? constants.recheckSeconds : constants.doubtSeconds;
  const refused = Math.min(firstWait * 2 ** Math.min(before.looks, 10), longestWait);
  return { mean, looks: before.looks + 1, nextLook: seconds + (isFace ? sure : refused), isFace };
}
