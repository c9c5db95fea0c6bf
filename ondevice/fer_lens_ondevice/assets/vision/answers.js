/** From the network's scores to answers, as `fer.model.classifier` and `fer.types.Faces`. */

/** @import { Head } from "../types.js" */

/**
 * Return probabilities of a head for one face; they sum to 1.
 * @param {Record<string, ArrayLike<number>>} logits  scores of the network's outputs
 * @param {Head} head
 * @param {Head[]} heads  all of the model
 * @returns {number[]}
 */
export function probabilitiesOf(logits, head, heads) {
  const scores = headLogits(logits, head, heads).map((score) => score / head.temperature);
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/**
 * Return the scores of a head: an output of the network, or a blend of others.
 * @param {Record<string, ArrayLike<number>>} logits @param {Head} head @param {Head[]} heads
 * @returns {number[]}
 */
export function headLogits(logits, head, heads) {
  if (head.output) return Array.from(logits[head.output]);
  const totals = head.labels.map(() => 0);
  for (const part of heads.filter(({ name }) => name in head.blend)) {
    const weight = head.blend[part.name] / part.temperature;
    head.labels.forEach((label, k) => {
      totals[k] += weight * logits[part.output][part.labels.indexOf(label)];
    });
  }
  return totals;
}

/**
 * @typedef {object} Answer
 * @property {string} answer  the most probable expression, or "uncertain"
 * @property {number} top  index of the most probable expression
 * @property {number} confidence  its probability
 * @property {[string, number][]} candidates  the expression, or the likeliest ones of an uncertain
 *   answer, most probable first, and how probable each is
 */

/**
 * Return the answer of a head for one face.
 * @param {ArrayLike<number>} probabilities @param {boolean[]} issues @param {Head} head
 * @param {import("./types.js").AnswerConstants} constants
 * @returns {Answer}
 */
export function answerOf(probabilities, issues, head, constants) {
  const shares = Array.from(probabilities, Math.fround);
  const order = shares.map((_, k) => k).sort((a, b) => shares[b] - shares[a]);
  const falling = order.map((k) => shares[k]);
  const limits = head.thresholds[issues.some(Boolean) ? 1 : 0];
  const unsure = isUncertain(falling, limits[order[0]], head.margin);
  const candidates = order.slice(0, unsure ? likely(falling, constants) : 1);
  return {
    answer: unsure ? constants.uncertain : head.labels[order[0]],
    top: order[0],
    confidence: falling[0],
    candidates: candidates.map((k) => [head.labels[k], shares[k]]),
  };
}

/**
 * @param {number[]} falling  probabilities in 32 bits, the highest first
 * @param {number | null} threshold  that applies to the face and its likeliest expression
 * @param {number} margin
 */
function isUncertain(falling, threshold, margin) {
  // Thresholds are values of 32 bits, so they are compared in that precision.
  const least = Math.fround(threshold ?? Infinity);
  const lead = Math.fround(falling[0] - (falling[1] ?? 0));
  return falling[0] < least || lead < Math.fround(margin);
}

/**
 * Return how many candidates an uncertain answer has.
 * @param {number[]} falling @param {import("./types.js").AnswerConstants} constants
 */
function likely(falling, { candidateShare, maxCandidates }) {
  let count = 0;
  for (let sum = 0; count < falling.length && sum < candidateShare; count++) {
    sum = Math.fround(sum + falling[count]);
  }
  return Math.min(Math.max(count, 2), maxCandidates);
}
