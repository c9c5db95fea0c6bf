// Brings what was added into view on a phone, where it is below the fold, once for each addition;
// with `always`, on every screen.
let shown = 0;
let letGo = () => {};

export default function ({ data }) {
  if (data.additions === shown) return;
  shown = data.additions;
  letGo();
  const target = document.querySelector(`.st-key-${data.target}`);
  if (!target || !(data.always || matchMedia("(max-width: 640px)").matches)) return;
  target.style.scrollMarginTop = "4.5rem"; // the page's header lies over its content
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const bring = () =>
    target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  bring();
  letGo = keepThere(target, bring);
}

/**
 * Bring it again whenever it grows, until the visitor does something: pictures and charts come
 * later, and a page that is still short cannot be scrolled so far.
 *
 * @param {Element} target
 * @param {() => void} bring
 * @returns {() => void} ends it
 */
function keepThere(target, bring) {
  let height = target.clientHeight;
  const growth = new ResizeObserver(() => {
    if (target.clientHeight > height) bring();
    height = target.clientHeight;
  });
  growth.observe(target);
  const done = new AbortController();
  const end = () => {
    growth.disconnect();
    done.abort();
  };
  for (const act of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(act, end, { capture: true, passive: true, signal: done.signal });
  return end;
}
