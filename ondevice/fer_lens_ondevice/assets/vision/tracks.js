/** One face that is followed from frame to frame, as `fer.tracking.track`. */

import { iou } from "./geometry.js";

/** @typedef {import("./types.js").FollowingConstants} FollowingConstants */

/**
 * @typedef {object} Track
 * @property {number} id  local number, never used again
 * @property {Float32Array} box  (4) most recent one, in pixels
 * @property {number[]} velocity  of its centre, in pixels per second
 * @property {number} lastSeen  seconds
 * @property {Presence} presence
 * @property {{values: Float32Array, seconds: number} | null} average  of answers and flaws
 */

/** @param {number} id @param {Float32Array} box @param {number} seconds @returns {Track} */
export function begun(id, box, seconds) {
  return { id, box, velocity: [0, 0], lastSeen: seconds, presence: UNSEEN, average: null };
}

/**
 * Return whether a track may still be continued.
 * @param {Track} track
 * @param {number} seconds  now
 * @param {number} previous  time of the frame before
 * @param {FollowingConstants} constants
 */
export function isFresh(track, seconds, previous, { freshSeconds, freshFrameSeconds }) {
  const gap = seconds - track.lastSeen;
  return gap <= freshSeconds || (track.lastSeen >= previous && gap <= freshFrameSeconds);
}

/**
 * Return where a face should be at a time.
 * @param {Track} track @param {number} seconds @param {FollowingConstants} constants
 */
export function predicted({ box, velocity, lastSeen }, seconds, { coastSeconds }) {
  const ahead = Math.min(seconds - lastSeen, coastSeconds);
  return box.map((place, k) => place + ahead * velocity[k % 2]);
}

/**
 * Take the place of a face in a new frame.
 * @param {Track} track @param {Float32Array} box @param {number} seconds
 * @param {FollowingConstants} constants
 */
export function move(track, box, seconds, { velocitySeconds }) {
  const elapsed = Math.max(seconds - track.lastSeen, 1e-3);
  const gain = 1 - Math.exp(-elapsed / velocitySeconds);
  const [x0, y0, x1, y1] = track.box;
  const measured = [box[0] + box[2] - x0 - x1, box[1] + box[3] - y0 - y1];
  track.velocity = track.velocity.map((v, k) => v + gain * (measured[k] / 2 / elapsed - v));
  track.box = box;
  track.lastSeen = seconds;
}

/**
 * Match boxes with tracks, those that overlap most first.
 * @param {Float32Array} boxes  (n, 4)
 * @param {Track[]} tracks @param {number} seconds @param {FollowingConstants} constants
 * @returns {Map<number, Track>}  by the index of the box
 */
export function matched(boxes, tracks, seconds, constants) {
  /** @type {{face: number, track: Track, overlap: number}[]} */
  const pairs = [];
  for (const track of tracks) {
    const expected = predicted(track, seconds, constants);
    for (let face = 0; face < boxes.length / 4; face++) {
      const overlap = iou(expected, 0, boxes, face);
      if (overlap >= constants.followedIou) pairs.push({ face, track, overlap });
    }
  }
  pairs.sort((a, b) => b.overlap - a.overlap);
  const here = new Map();
  const taken = new Set();
  for (const { face, track } of pairs) {
    if (here.has(face) || taken.has(track)) continue;
    here.set(face, track);
    taken.add(track);
  }
  return here;
}

/**
 * Average answers and flaws of a track over time (`Following.smoothed` in `fer.tracking`).
 * @param {Track} track
 * @param {Float32Array} values  of this frame
 * @param {number} seconds
 * @param {number} smoothingSeconds  0: no smoothing
 */
export function smooth(track, values, seconds, smoothingSeconds) {
  const before = track.average;
  if (before && smoothingSeconds > 0) {
    // The decay depends on seconds, not on frames, so the frame rate has no effect.
    const keep = Math.exp(-(seconds - before.seconds) / smoothingSeconds);
    for (let k = 0; k < values.length; k++) {
      values[k] = keep * before.values[k] + (1 - keep) * values[k];
    }
  }
  track.average = { values, seconds };
  return values;
}

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
