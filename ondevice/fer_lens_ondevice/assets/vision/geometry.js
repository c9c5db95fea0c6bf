/** Boxes and planar transforms, as `fer.geometry`. */

/** @import { Detections, Matrix } from "./types.js" */

/**
 * Return nearest integer, the even one of two, as Python's round and C's rint.
 * @param {number} value
 */
export function rint(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * Return the intersection over union of two boxes, 0…1.
 * @param {Float32Array} a  boxes (n, 4)
 * @param {number} i  which of them
 * @param {Float32Array} b @param {number} j
 */
export function iou(a, i, b, j) {
  const [p, q] = [4 * i, 4 * j];
  const width = Math.min(a[p + 2], b[q + 2]) - Math.max(a[p], b[q]);
  const height = Math.min(a[p + 3], b[q + 3]) - Math.max(a[p + 1], b[q + 1]);
  const overlap = Math.max(width, 0) * Math.max(height, 0);
  const union = boxArea(a, p) + boxArea(b, q) - overlap;
  return union > 0 ? overlap / union : 0;
}

/** @param {Float32Array} boxes @param {number} start  index of the box's left side */
function boxArea(boxes, start) {
  const [width, height] = [boxes[start + 2] - boxes[start], boxes[start + 3] - boxes[start + 1]];
  return Math.max(width, 0) * Math.max(height, 0);
}

/** Return the longer side of box `i`, in 32 bits. @param {Float32Array} boxes @param {number} i */
export function boxSide(boxes, i) {
  const k = 4 * i;
  return Math.fround(Math.max(boxes[k + 2] - boxes[k], boxes[k + 3] - boxes[k + 1]));
}

/** @param {number} count @param {number} landmarks  points of each @returns {Detections} */
export function emptyDetections(count, landmarks) {
  return {
    count,
    boxes: new Float32Array(4 * count),
    scores: new Float32Array(count),
    points: new Float32Array(2 * landmarks * count),
  };
}

/**
 * Merge detections of the same face into their mean, weighted by score; highest score first.
 * @param {Detections} found
 * @param {number} leastIou  at which two boxes are the same face
 * @returns {Detections}
 */
export function weightedNms(found, leastIou) {
  const landmarks = found.count ? found.points.length / found.count / 2 : 0;
  let rest = Array.from({ length: found.count }, (_, i) => i);
  rest.sort((a, b) => found.scores[b] - found.scores[a]);
  /** @type {number[][]} */
  const groups = [];
  while (rest.length) {
    const [best] = rest;
    const same = rest.filter((i) => i === best || iou(found.boxes, best, found.boxes, i) >= leastIou);
    rest = rest.filter((i) => !same.includes(i));
    groups.push(same);
  }
  const merged = emptyDetections(groups.length, landmarks);
  groups.forEach((group, g) => {
    merged.scores[g] = found.scores[group[0]];
    mean(found.boxes, 4, found.scores, group, merged.boxes, g);
    mean(found.points, 2 * landmarks, found.scores, group, merged.points, g);
  });
  return merged;
}

/**
 * @param {Float32Array} values @param {number} size @param {Float32Array} scores
 * @param {number[]} group @param {Float32Array} to @param {number} g
 */
function mean(values, size, scores, group, to, g) {
  let total = 0;
  for (const i of group) total += scores[i];
  for (let k = 0; k < size; k++) {
    let sum = 0;
    for (const i of group) sum += scores[i] * values[i * size + k];
    to[g * size + k] = sum / total;
  }
}

/**
 * Fit rotation, scale and translation that map points to others, by least squares.
 * @param {ArrayLike<number>} source  (n, 2), flat
 * @param {ArrayLike<number>} target
 * @returns {Matrix | null}  null: all source points coincide
 */
export function similarity(source, target) {
  const n = target.length / 2;
  let [zx, zy, wx, wy] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    zx += source[2 * i] / n;
    zy += source[2 * i + 1] / n;
    wx += target[2 * i] / n;
    wy += target[2 * i + 1] / n;
  }
  let [spread, real, imaginary] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [source[2 * i] - zx, source[2 * i + 1] - zy];
    const [u, v] = [target[2 * i] - wx, target[2 * i + 1] - wy];
    spread += x * x + y * y;
    real += x * u + y * v;
    imaginary += x * v - y * u;
  }
  if (spread < 1e-12) return null;
  const [a, b] = [real / spread, imaginary / spread];
  return [a, -b, wx - a * zx + b * zy, b, a, wy - b * zx - a * zy];
}

/** Return the inverse of a 2×3 matrix. @param {Matrix} m @returns {Matrix} */
export function inverted(m) {
  const scale = 1 / (m[0] * m[4] - m[1] * m[3]);
  const [a, b, c, d] = [m[4] * scale, -m[1] * scale, -m[3] * scale, m[0] * scale];
  return [a, b, -a * m[2] - b * m[5], c, d, -c * m[2] - d * m[5]];
}

/** Return where a point is taken. @param {Matrix} m @param {number} x @param {number} y */
export function transformed(m, x, y) {
  return [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]];
}
