/**
 * Keeps hold of faces from frame to frame, until the server says who is who: when to look closely
 * at them (`fer.tracking.tracker`), and what their answers are over time.
 */

import { iou } from "./geometry.js";

/** @import { Constants, Detections, FollowingConstants } from "./types.js" */

/** Local numbers are 16 bits wide on their way to the server. */
const MOST = 65535;

export class Following {
  /** @param {Constants} constants */
  constructor(constants) {
    this.constants = constants;
    /** @type {Track[]} */
    this.tracks = [];
    this.nextId = 1;
    this.seconds = -Infinity;
    this.head = "";
  }

  /** Let the averages begin again: another network or head answers. @param {string} head */
  beginAverages(head) {
    this.head = head;
    for (const track of this.tracks) track.average = null;
  }

  /**
   * Return the track of each face of the next frame; none for what is too unsure to start one.
   * @param {Detections} faces
   * @param {number} seconds  if they go back, everybody is forgotten
   */
  follow(faces, seconds) {
    const { following } = this.constants;
    const before = seconds < this.seconds ? [] : this.tracks;
    this.tracks = before.filter((track) => isFresh(track, seconds, this.seconds, following));
    const here = matched(faces.boxes, this.tracks, seconds, following);
    const found = Array.from({ length: faces.count }, (_, face) => {
      const box = faces.boxes.slice(4 * face, 4 * face + 4);
      const track = here.get(face);
      if (track) move(track, box, seconds, following);
      if (track || faces.scores[face] < following.newTrackScore) return track;
      return this.begin(box, seconds);
    });
    this.elapsed = seconds - this.seconds;
    this.seconds = seconds;
    return found;
  }

  /** @param {Float32Array} box @param {number} seconds */
  begin(box, seconds) {
    const [id, lastSeen] = [this.nextId, seconds];
    /** @type {Track} */
    const track = { id, box, velocity: [0, 0], lastSeen, presence: UNSEEN, average: null };
    this.nextId = (this.nextId % MOST) + 1;
    this.tracks.push(track);
    return track;
  }

  /**
   * Return at which faces of the frame to look closely: whom the server asks for, then those whose
   * turn it is, new ones first and the surest of these; one in a frame, more if frames are rare.
   * @param {(Track | undefined)[]} tracks  of the faces
   * @param {Float32Array} scores
   * @param {number[]} wanted  local numbers that the server asks for
   */
  due(tracks, scores, wanted) {
    const { lookSeconds, maxLooks } = this.constants.following;
    const elapsed = this.elapsed ?? Infinity;
    const most = Math.min(1 + Math.floor(Math.max(elapsed, 0) / lookSeconds), maxLooks);
    /** @type {{face: number, order: number[]}[]} */
    const due = [];
    tracks.forEach((track, face) => {
      if (!track) return;
      const { isFace, looks, nextLook } = track.presence;
      const asked = wanted.includes(track.id);
      if (!asked && nextLook > this.seconds) return;
      due.push({ face, order: [asked ? 0 : 1, isFace ? 1 : 0, looks, -scores[face]] });
    });
    due.sort((a, b) => compared(a.order, b.order));
    return due.slice(0, Number.isFinite(elapsed) ? most : 1).map(({ face }) => face);
  }

  /** Take what a close look has said. @param {Track} track @param {number} evidence */
  looked(track, evidence) {
    track.presence = after(track.presence, evidence, this.seconds, this.constants.presence);
  }

  /**
   * Return the smoothed probabilities and issues of a face.
   * @param {Track} track
   * @param {number[]} probabilities  of a head
   * @param {boolean[]} issues
   * @param {string} head  averages begin again when it changes
   * @param {number} smoothingSeconds
   */
  smoothed(track, probabilities, issues, head, smoothingSeconds) {
    if (head !== this.head) this.beginAverages(head);
    const values = Float32Array.from([...probabilities, ...issues.map(Number)]);
    smooth(track, values, this.seconds, smoothingSeconds);
    const count = probabilities.length;
    const marked = Array.from(values.subarray(count), (v) => v >= this.constants.following.markedShare);
    return { probabilities: Array.from(values.subarray(0, count)), issues: marked };
  }
}

/** @param {number[]} a @param {number[]} b */
function compared(a, b) {
  const k = a.findIndex((value, i) => value !== b[i]);
  return k < 0 ? 0 : a[k] - b[k];
}

/**
 * @typedef {object} Track
 * @property {number} id  local number, never used again
 * @property {Float32Array} box  (4) most recent one, in pixels
 * @property {number[]} velocity  of its centre, in pixels per second
 * @property {number} lastSeen  seconds
 * @property {Presence} presence
 * @property {{values: Float32Array, seconds: number} | null} average  of answers and issues
 */

/**
 * Return whether a track may still be continued.
 * @param {Track} track
 * @param {number} seconds  now
 * @param {number} previous  time of the frame before
 * @param {FollowingConstants} constants
 */
function isFresh(track, seconds, previous, { freshSeconds, freshFrameSeconds }) {
  const gap = seconds - track.lastSeen;
  return gap <= freshSeconds || (track.lastSeen >= previous && gap <= freshFrameSeconds);
}

/**
 * Return where a face should be at a time.
 * @param {Track} track @param {number} seconds @param {FollowingConstants} constants
 */
function predicted({ box, velocity, lastSeen }, seconds, { coastSeconds }) {
  const ahead = Math.min(seconds - lastSeen, coastSeconds);
  return box.map((place, k) => place + ahead * velocity[k % 2]);
}

/**
 * Take the place of a face in a new frame.
 * @param {Track} track @param {Float32Array} box @param {number} seconds
 * @param {FollowingConstants} constants
 */
function move(track, box, seconds, { velocitySeconds }) {
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
function matched(boxes, tracks, seconds, constants) {
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
 * Average answers and issues of a track over time (`Following.smoothed` in `fer.tracking`).
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
const UNSEEN = Object.freeze({ mean: 0, looks: 0, nextLook: -Infinity, isFace: false });

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
