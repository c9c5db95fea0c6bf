// Faces that can be chosen: frames over the picture above, and a strip of the faces cut out of it.
const GROWS = 2000; // milliseconds

function press(element, face, context) {
  element.type = "button";
  element.dataset.face = face.index;
  element.setAttribute("aria-label", face.label);
  element.title = face.label;
  element.onclick = () => context.choose(face.index);
  return element;
}

function mark(face) {
  const made = document.createElement("i");
  if (face.colour) made.style.background = face.colour;
  return made;
}

function frame(face, context, { strip, faces }) {
  const element = press(document.createElement("button"), face, context);
  const label = document.createElement("b");
  if (faces.length > 1) label.append(face.index + 1);
  if (!strip) {
    const tag = document.createElement("span");
    tag.append(" ", mark(face), ` ${face.tag}`);
    label.append(tag);
  }
  element.append(label);
  const [left, top, width, height] = face.box.map((share) => `${100 * share}%`);
  // A small face has a target that a finger can hit, around the same centre.
  element.style.cssText =
    `left: calc(${left} + ${width} / 2); top: calc(${top} + ${height} / 2);` +
    `width: max(${width}, 24px); height: max(${height}, 24px);`;
  return element;
}

function tile(face, context) {
  const element = press(document.createElement("button"), face, context);
  const picture = document.createElement("img");
  picture.src = `data:image/jpeg;base64,${face.tile}`;
  picture.alt = "";
  const line = document.createElement("span");
  line.append(`${face.index + 1} `, mark(face), ` ${face.answer}`);
  element.append(picture, line);
  return element;
}

function meet(one, other) {
  return one.left < other.right && other.left < one.right &&
    one.top < other.bottom && other.top < one.bottom;
}

// Whether a label covers another face, or meets the label of one.
function collides(label, frames) {
  const place = label.getBoundingClientRect();
  return frames.some((frame) => !frame.contains(label) && (
    meet(place, frame.getBoundingClientRect()) ||
    meet(place, frame.firstElementChild.getBoundingClientRect())));
}

// Moves labels that reach out of the picture into it.
function moveInside(labels, picture) {
  for (const label of labels) {
    label.style.transform = "";
    const { left, right, top } = label.getBoundingClientRect();
    const across = Math.max(0, picture.left - left) + Math.min(0, picture.right - right);
    label.style.transform = `translate(${across}px, ${Math.max(0, picture.top - top)}px)`;
  }
}

// Labels have one size however small the picture is. Where one has no room, only its number stays;
// the cards below say the rest.
function arrange(overlay) {
  const frames = [...overlay.children];
  const labels = frames.map((frame) => frame.firstElementChild);
  const picture = overlay.getBoundingClientRect();
  for (const label of labels) label.classList.remove("short");
  moveInside(labels, picture);
  if (!overlay.querySelector("span")) return; // numbers only
  for (const label of labels.filter((one) => collides(one, frames))) label.classList.add("short");
  moveInside(labels, picture);
}

// The frames lie over the picture wherever the page puts it, and are as large as it is.
function follow(overlay, anchor, key) {
  const box = document.querySelector(`.st-key-${key}`);
  const place = () => {
    const picture = box?.querySelector("img");
    if (!picture) return;
    const [from, to] = [anchor.getBoundingClientRect(), picture.getBoundingClientRect()];
    overlay.style.left = `${to.left - from.left}px`;
    overlay.style.top = `${to.top - from.top}px`;
    overlay.style.width = `${to.width}px`;
    overlay.style.height = `${to.height}px`;
    arrange(overlay);
  };
  const watcher = new ResizeObserver(place);
  const watch = () => {
    for (const element of [box, ...(box?.querySelectorAll("img") ?? [])]) {
      if (element) watcher.observe(element);
    }
    place();
  };
  const arrivals = new MutationObserver(watch);
  if (box) arrivals.observe(box, { childList: true, subtree: true });
  watch();
  return () => {
    watcher.disconnect();
    arrivals.disconnect();
  };
}

// Scrolls as little as it takes to see the card, which grows for a moment after it was found.
function reveal(card) {
  card.style.scrollMarginTop = "4.5rem"; // the page's header lies over its content
  card.style.scrollMarginBottom = "1rem";
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const behavior = still ? "auto" : "smooth";
  const watcher = new ResizeObserver(() => card.scrollIntoView({ behavior, block: "nearest" }));
  watcher.observe(card);
  setTimeout(() => watcher.disconnect(), GROWS);
}

// Waits for the card, which the page draws after this.
function whenDrawn(selector, use) {
  const found = document.querySelector(selector);
  if (found) return use(found);
  const watcher = new MutationObserver(() => {
    const card = document.querySelector(selector);
    if (card) {
      watcher.disconnect();
      use(card);
    }
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watcher.disconnect(), 10_000);
}

function show(root, data) {
  for (const element of root.querySelectorAll("[data-face]")) {
    element.setAttribute("aria-pressed", String(Number(element.dataset.face) === data.selected));
  }
  const colour = getComputedStyle(root).getPropertyValue("--st-primary-color");
  for (const { index } of data.faces) {
    const card = document.querySelector(`.st-key-${data.card}_${index}`);
    if (card) card.style.outline = index === data.selected ? `2px solid ${colour}` : "";
  }
}

// A face under the pointer or with the focus lights its frame, its crop and its card.
function light(root, data) {
  const colour = getComputedStyle(root).getPropertyValue("--st-primary-color");
  const look = (event) => {
    const path = event.type === "focusout" ? [] : event.composedPath();
    for (const { index } of data.faces) {
      const card = document.querySelector(`.st-key-${data.card}_${index}`);
      const pictures = [...root.querySelectorAll(`[data-face="${index}"]`)];
      const lit = [card, ...pictures].some((one) =>
        one && (path.includes(one) || one.matches(":focus-visible, :has(:focus-visible)")));
      for (const one of pictures) one.classList.toggle("lit", lit);
      if (card) card.style.boxShadow = lit ? `0 0 0 3px ${colour}` : "";
    }
  };
  const stop = new AbortController();
  for (const kind of ["pointerover", "focusin", "focusout"]) {
    document.addEventListener(kind, look, stop);
    root.addEventListener(kind, look, stop); // from frame to frame, the document hears nothing
  }
  return () => stop.abort();
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".faces");
  root.stop?.();
  const context = {
    choose(index) {
      root.chosen = index === data.selected ? -1 : index;
      show(root, { ...data, selected: root.chosen });
      setTriggerValue("face", root.chosen);
    },
  };
  const [overlay, strip] = [root.querySelector(".frames"), root.querySelector(".strip")];
  const focused = parentElement.activeElement;
  const kept = focused && [focused.parentElement.className, focused.dataset.face];
  overlay.replaceChildren(...data.faces.map((face) => frame(face, context, data)));
  // The strip says the same; a keyboard need not go through both.
  for (const element of data.strip ? overlay.children : []) element.tabIndex = -1;
  strip.replaceChildren(...(data.strip ? data.faces.map((face) => tile(face, context)) : []));
  strip.hidden = !data.strip;
  if (kept) root.querySelector(`.${kept[0]} [data-face="${kept[1]}"]`)?.focus({ preventScroll: true });
  const stops = [follow(overlay, root, data.picture), light(root, data)];
  root.stop = () => stops.forEach((stop) => stop());
  show(root, data);
  if (root.chosen === data.selected && data.selected >= 0) {
    whenDrawn(`.st-key-${data.card}_${data.selected}`, (card) => {
      show(root, data);
      reveal(card);
    });
    root.chosen = undefined;
  }
  return () => root.stop?.();
}
