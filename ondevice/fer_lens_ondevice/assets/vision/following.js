/**
 * Keeps hold of faces from frame to frame, until the server says who is who: when to look closely
 * at them (`fer.tracking.tracker`), and what their answers are over time.
 */

import { after, begun, isFresh, matched, move, smooth } from "./tracks.js";

/** @typedef {import("./types.js").Constants} Constants */
/** @typedef {import("./types.js").Detections} Detections */
/** @typedef {import("./tracks.js").Track} Track */

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
   * @returns {(Track | undefined)[]}
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
    const track = begun(this.nextId, box, seconds);
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
   * @returns {number[]}
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
   * Return the smoothed probabilities and flaws of a face.
   * @param {Track} track
   * @param {number[]} probabilities  of a head
   * @param {boolean[]} flaws
   * @param {string} head  averages begin again when it changes
   * @param {number} smoothingSeconds
   */
  smoothed(track, probabilities, flaws, head, smoothingSeconds) {
    if (head !== this.head) this.beginAverages(head);
    const values = Float32Array.from([...probabilities, ...flaws.map(Number)]);
    smooth(track, values, this.seconds, smoothingSeconds);
    const count = probabilities.length;
    const marked = Array.from(values.subarray(count), (v) => v >= this.constants.following.markedShare);
    return { probabilities: Array.from(values.subarray(0, count)), flaws: marked };
  }
}

/** @param {number[]} a @param {number[]} b */
function compared(a, b) {
  const k = a.findIndex((value, i) => value !== b[i]);
  return k < 0 ? 0 : a[k] - b[k];
}
