// Presses buttons of the page by keys, but not where the key means something else.
const USED_BY =
  "input, textarea, select, [contenteditable=true], [role=radio], [role=slider], [role=option], " +
  "[role=tab], canvas, video, audio";
const OPEN_ABOVE =
  "[role=dialog], [role=listbox], [data-testid=stPopoverBody], [aria-label='Close fullscreen']";

export default function ({ data }) {
  const buttons = new Map(data.keys);
  const press = (event) => {
    const key = buttons.get(event.key);
    const modified = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (!key || modified || event.repeat) return;
    const used = event.composedPath().some((element) => element.matches?.(USED_BY));
    if (used || document.querySelector(OPEN_ABOVE)) return;
    document.querySelector(`.st-key-${key} button:not(:disabled)`)?.click();
  };
  for (const [key, name] of buttons) {
    document.querySelector(`.st-key-${name} button`)?.setAttribute("aria-keyshortcuts", key);
  }
  // Before the page hears it: afterwards, what Escape closes is not there any more.
  window.addEventListener("keydown", press, true);
  return () => window.removeEventListener("keydown", press, true);
}
