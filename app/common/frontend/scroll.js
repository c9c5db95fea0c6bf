// Brings what was added into view on a phone, where it is below the fold, once for each addition;
// with `always`, on every screen.
let shown = 0;

export default function ({ data }) {
  if (data.additions === shown) return;
  shown = data.additions;
  const target = document.querySelector(`.st-key-${data.target}`);
  if (!target || !(data.always || matchMedia("(max-width: 640px)").matches)) return;
  target.style.scrollMarginTop = "4.5rem"; // the page's header lies over its content
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}
