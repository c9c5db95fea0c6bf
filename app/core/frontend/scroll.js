// Brings what was opened into view, once.
let shown = 0;

export default function ({ data }) {
  if (data.opened === shown) return;
  shown = data.opened;
  const target = document.querySelector(`.st-key-${data.target}`);
  if (!target) return;
  target.style.scrollMarginTop = "4.5rem"; // the page's header lies over its content
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}
