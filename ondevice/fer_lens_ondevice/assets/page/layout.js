// Places of tags and panels: inside the picture, and not over faces. As `fer/drawing/annotate.py`.

/** @typedef {{left: number, top: number, right: number, bottom: number}} Rectangle */
/** @typedef {[number, number]} Size  width and height */

/**
 * @param {Rectangle} box
 * @param {number} margin
 * @returns {Rectangle}
 */
export function grown(box, margin) {
  return {
    left: box.left - margin,
    top: box.top - margin,
    right: box.right + margin,
    bottom: box.bottom + margin,
  };
}

/**
 * Area that two rectangles share.
 * @param {Rectangle} a
 * @param {Rectangle} b
 */
export function overlap(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}

/**
 * The rectangle inside the picture nearest to a corner; its size must fit the picture.
 * @param {number} left
 * @param {number} top
 * @param {Size} size
 * @param {Size} picture
 * @returns {Rectangle}
 */
export function inside(left, top, [width, height], picture) {
  const x = Math.min(Math.max(left, 0), picture[0] - width);
  const y = Math.min(Math.max(top, 0), picture[1] - height);
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/**
 * Places for a panel around a face, best first; none if the panel is larger than the picture.
 * @param {Rectangle} box  of the face; may extend past the picture
 * @param {Size} size  of the panel
 * @param {Size} picture
 * @param {number} gap  between the face and the panel
 * @param {number} headroom  above the box, where its tag is
 * @returns {Rectangle[]}
 */
export function around(box, size, picture, gap, headroom) {
  const [width, height] = size;
  if (width > picture[0] || height > picture[1]) return [];
  return [
    [box.right + gap, box.top],
    [box.left - gap - width, box.top],
    [box.left, box.bottom + gap],
    [box.left, box.top - headroom - gap - height],
  ].map(([x, y]) => inside(x, y, size, picture));
}

/**
 * The first place that covers nothing of what is taken; null if there is none.
 * @param {Rectangle[]} places
 * @param {Rectangle[]} taken
 * @returns {Rectangle | null}
 */
export function firstFree(places, taken) {
  return places.find((place) => !taken.some((other) => overlap(place, other))) ?? null;
}
