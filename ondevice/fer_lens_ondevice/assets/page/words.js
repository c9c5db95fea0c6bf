// Wording that is shared with the Python side: `fer/text.py` and `app/core/text.py`.

/**
 * Fill the names in braces of a text.
 * @param {string} text @param {Record<string, string | number>} values
 * @returns {string}
 */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Format a probability as a percentage, never as 0% or 100%, since no network is certain.
 * @param {number} probability
 * @returns {string}
 */
export function chance(probability) {
  if (probability >= 0.995) return ">99%";
  return probability <= 0.005 ? "<1%" : `${Math.round(100 * probability)}%`;
}

/**
 * Name alternatives: "sad", "sad or fear", "sad, fear or neutral".
 * @param {string[]} names @param {string} or
 * @returns {string}
 */
export function oneOf(names, or) {
  const others = names.slice(0, -1);
  const last = names[names.length - 1] ?? "";
  return others.length ? `${others.join(", ")} ${or} ${last}` : last;
}
