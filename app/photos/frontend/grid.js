// Photos as tiles to press: a thumbnail, the end of the name, and what was found.

const END_LETTERS = 8; // of a name, which are shown however long it is

function element(kind, className, text = "") {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

function mark({ text, colour }) {
  const line = element("span", "");
  if (colour !== undefined) {
    const dot = document.createElement("i");
    if (colour) dot.style.background = colour;
    line.append(dot);
  }
  line.append(text);
  return line;
}

function nameOf(tile) {
  const line = element("span", "name");
  const letters = [...tile.name];
  line.append(
    element("bdi", "", letters.slice(0, -END_LETTERS).join("")),
    element("bdi", "", letters.slice(-END_LETTERS).join("")),
  );
  line.title = tile.name;
  return line;
}

function unread(tile) {
  const made = element("div", "tile");
  made.append(element("div", "reason", tile.error), nameOf(tile));
  made.setAttribute("role", "note");
  made.setAttribute("aria-label", `${tile.name} ${tile.error}`);
  return made;
}

function photo(tile) {
  const made = element("button", "tile");
  made.type = "button";
  made.setAttribute("aria-label", tile.label);
  made.title = tile.label;
  const picture = document.createElement("img");
  picture.src = `data:image/jpeg;base64,${tile.picture}`;
  picture.alt = "";
  const marks = element("span", "marks");
  marks.append(...tile.marks.map(mark));
  made.append(picture, marks, nameOf(tile));
  return made;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".grid");
  const focused = parentElement.activeElement?.dataset.number;
  // While results come, most tiles stay; made anew, their pictures would flicker.
  const known = root.known ?? new Map();
  root.known = new Map(data.tiles.map((tile) => {
    const says = JSON.stringify(tile);
    const made = known.get(says) ?? (tile.error ? unread(tile) : photo(tile));
    made.dataset.number = tile.number;
    if (!tile.error) made.onclick = () => setTriggerValue("open", tile.number);
    return [says, made];
  }));
  root.replaceChildren(...root.known.values());
  const find = (number) => root.querySelector(`button[data-number="${number}"]`);
  if (focused !== undefined) find(focused)?.focus({ preventScroll: true });
  // Whoever comes back from a photo goes on where it was.
  if (!root.came && data.closed !== null) {
    const back = find(data.closed);
    back?.scrollIntoView({ block: "center" });
    back?.focus({ preventScroll: true, focusVisible: false });
  }
  root.came = true;
}
