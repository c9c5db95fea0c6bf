// Faces to label, one after the other, by click or key. Each label is shown at once; the server is
// told all that was done since it last answered, so nothing gets lost however fast somebody is.
const NONE = -1;
const SKIPPED = 0;

const SETTLED = 1500; // milliseconds without a label after which the figures are made
const MOST_PICTURES = 240;
const STRIP = 6; // faces before the current one, and after it

// What was done and not yet answered, and the pictures: they outlast the component, which goes
// whenever the page has nothing to label for a moment.
let memory;

function remember(data) {
  if (memory?.set !== data.set) {
    memory = { set: data.set, number: data.done, changes: [], faces: new Map(), blind: false };
  }
  if (memory.answerer !== data.answerer) {
    memory.answerer = data.answerer;
    memory.faces.clear();
  }
  memory.number = Math.max(memory.number, data.done);
  memory.changes = memory.changes.filter(([number]) => number > data.done);
  for (const face of data.faces) memory.faces.set(face.index, face);
  const far = [...memory.faces.keys()].sort((a, b) => Math.abs(b - data.at) - Math.abs(a - data.at));
  for (const index of far.slice(0, -MOST_PICTURES)) memory.faces.delete(index);
}

function nextAfter(labels, index) {
  const rest = [...labels.keys()];
  const order = [...rest.slice(index + 1), ...rest.slice(0, index)];
  return order.find((other) => labels[other] === NONE) ?? Math.min(index + 1, labels.length - 1);
}

// The state as it will be when the server has carried out what it was told; it does the same.
function stateOf(data) {
  const state = { labels: [...data.labels], history: [...data.history], at: data.at };
  for (const [, kind, index, label] of memory.changes) {
    if (kind === "undo") {
      const last = state.history.pop();
      if (last) [state.at, state.labels[last[0]]] = last;
    } else if (kind === "go") {
      state.at = Math.max(0, Math.min(index, state.labels.length - 1));
    } else if (index < state.labels.length) {
      state.history.push([index, state.labels[index]]);
      state.labels[index] = label;
      state.at = nextAfter(state.labels, index);
    }
  }
  return state;
}

function element(kind, className, ...content) {
  const made = document.createElement(kind);
  made.className = className;
  made.append(...content);
  return made;
}

function button(className, name, keys, act) {
  const made = element("button", className, element("span", "name", name));
  made.type = "button";
  keys.forEach((key) => made.append(element("kbd", "", key)));
  made.onclick = act;
  return made;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function makeButtons(root, data, act) {
  const says = JSON.stringify(data.expressions);
  root.act = act;
  if (root.made === says) return;
  root.made = says;
  const choices = data.expressions.flatMap(({ name, colour, offered }, place) => {
    if (!offered) return [];
    const made = button("choice", capital(name), place < 9 ? [`${place + 1}`] : [], () =>
      root.act.label(place + 1));
    made.style.setProperty("--colour", colour);
    made.dataset.label = place + 1;
    made.prepend(element("i", ""));
    return [made];
  });
  root.querySelector(".choices").replaceChildren(...choices);
  root.querySelector(".tools").replaceChildren(
    button("tool back", "Back", ["←"], () => root.act.step(-1)),
    button("tool agree", "Agree", ["↵"], () => root.act.agree()),
    button("tool skip", "Skip", ["0", "S"], () => root.act.label(SKIPPED)),
    button("tool undo", "Undo", ["U"], () => root.act.undo()),
    button("tool on", "Next", ["→"], () => root.act.step(1)),
  );
  root.querySelector(".blind input").onchange = (event) => root.act.blind(event.target.checked);
}

function showCount(root, state) {
  const total = state.labels.length;
  const skipped = state.labels.filter((label) => label === SKIPPED).length;
  const labelled = state.labels.filter((label) => label > SKIPPED).length;
  root.querySelector(".labelled").style.width = `${(100 * labelled) / total}%`;
  root.querySelector(".skipped").style.width = `${(100 * skipped) / total}%`;
  const line = root.querySelector(".count");
  const done = labelled + skipped === total ? " All done: the figures are below." : "";
  const text = `${labelled} of ${total} labelled, ${skipped} skipped.${done}`;
  if (line.textContent !== text) line.textContent = text;
}

function showFace(root, face, index) {
  const picture = root.querySelector(".picture");
  const image = picture.querySelector("img");
  picture.classList.toggle("waits", !face);
  picture.classList.toggle("small", Boolean(face && !face.frame.length));
  if (face && image.src !== face.picture) image.src = face.picture;
  image.alt = face ? `Face ${index + 1}, ${face.name} ${face.place}` : "";
  image.hidden = !face;
  const frame = picture.querySelector(".frame");
  frame.hidden = !face?.frame.length;
  if (face?.frame.length) {
    const [left, top, width, height] = face.frame.map((share) => `${100 * share}%`);
    frame.style.cssText = `left: ${left}; top: ${top}; width: ${width}; height: ${height};`;
  }
  const caption = root.querySelector("figcaption");
  caption.textContent = face ? [face.name, face.place].filter(Boolean).join(" · ") : "";
  caption.title = caption.textContent;
}

function showAnswer(root, face, hidden) {
  const known = Boolean(face?.answer);
  const verdict = root.querySelector(".verdict");
  const bars = root.querySelector(".bars");
  root.querySelector(".says").classList.toggle("hides", hidden || !known);
  if (hidden || !known) {
    verdict.textContent = hidden ? "The answer is hidden until you have said what you see." : "";
    bars.replaceChildren();
    bars.removeAttribute("aria-label");
    return;
  }
  const issues = face.issues.length ? ` (${face.issues.join(", ")})` : "";
  const sure = face.sure ? "" : "uncertain, most likely ";
  verdict.replaceChildren(
    "FER Lens says ",
    element("b", "", `${sure}${face.answer} ${face.confidence}`),
    issues,
  );
  bars.setAttribute("aria-label", `Answer: ${verdict.textContent.slice(14)}`);
  bars.replaceChildren(...face.shares.flatMap(({ name, colour, share }) => {
    const bar = element("i", "");
    bar.style.cssText = `width: ${Math.max(1, 100 * share)}%; background: ${colour};`;
    const percent = share < 0.005 ? "<1%" : share >= 0.995 ? ">99%" : `${Math.round(100 * share)}%`;
    return [element("span", "", name), element("span", "rail", bar), element("span", "", percent)];
  }));
}

function showButtons(root, data, state, face, hidden) {
  const label = state.labels[state.at];
  const answered = data.expressions.findIndex(({ name }) => name === face?.answer) + 1;
  for (const choice of root.querySelectorAll(".choice")) {
    const own = Number(choice.dataset.label);
    choice.setAttribute("aria-pressed", String(label === own));
    choice.classList.toggle("answered", !hidden && answered === own);
  }
  root.querySelector(".skip").setAttribute("aria-pressed", String(label === SKIPPED));
  root.querySelector(".agree").disabled = hidden || !answered;
  root.querySelector(".undo").disabled = !state.history.length;
  root.querySelector(".back").disabled = state.at === 0;
  root.querySelector(".on").disabled = state.at >= state.labels.length - 1;
  root.querySelector(".blind input").checked = memory.blind;
}

function tile(root, data, state, index) {
  const made = element("button", "tile");
  const label = state.labels[index];
  const face = memory.faces.get(index);
  const said = label > SKIPPED ? data.expressions[label - 1] : null;
  made.type = "button";
  made.onclick = () => root.act.go(index);
  const picture = face ? document.createElement("img") : element("span", "waiting");
  if (face) {
    picture.src = face.picture;
    picture.alt = "";
  }
  const word = said ? said.name : label === SKIPPED ? "skipped" : "";
  const line = element("span", "word", word || "·");
  if (said) line.style.setProperty("--colour", said.colour);
  line.classList.toggle("given", Boolean(said));
  made.append(picture, line);
  made.setAttribute("aria-label", `Face ${index + 1}: ${word || "no label yet"}`);
  if (index === state.at) made.setAttribute("aria-current", "true");
  return made;
}

function showStrip(root, data, state) {
  const last = state.labels.length - 1;
  const start = Math.max(0, Math.min(state.at - STRIP, last - 2 * STRIP));
  const end = Math.min(last, start + 2 * STRIP);
  const indices = Array.from({ length: end - start + 1 }, (_, place) => start + place);
  const strip = root.querySelector(".strip");
  const focused = strip.getRootNode().activeElement?.closest?.(".tile");
  const place = focused ? [...strip.children].indexOf(focused) : -1;
  strip.replaceChildren(...indices.map((index) => tile(root, data, state, index)));
  strip.children[place]?.focus({ preventScroll: true });
  const current = strip.querySelector('[aria-current="true"]');
  strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.clientWidth) / 2;
}

// Keys work without a click first, while the faces are in view and nothing is typed elsewhere.
function isFree(event, root) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  const target = event.composedPath()[0];
  const typing = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"]';
  const uses = '[role="slider"], [role="listbox"], [role="dialog"], [role="combobox"], [role="tab"]';
  if (target.closest?.(`${typing}, ${uses}`)) return false;
  if (event.key === "Enter" && target.closest?.("button, a, label, summary, input")) return false;
  const { top, bottom, height } = root.getBoundingClientRect();
  return height > 0 && bottom > 80 && top < innerHeight;
}

function keyed(event, root, expressions) {
  if (!isFree(event, root)) return;
  const { key } = event;
  const once = event.repeat ? () => {} : (act) => act();
  if (/^[1-9]$/.test(key) && expressions[key - 1]?.offered) once(() => root.act.label(Number(key)));
  else if (["0", "s", "S"].includes(key)) once(() => root.act.label(SKIPPED));
  else if (["u", "U", "Backspace"].includes(key)) root.act.undo();
  else if (key === "ArrowLeft") root.act.step(-1);
  else if (key === "ArrowRight") root.act.step(1);
  else if (key === "Enter") once(() => root.act.agree());
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// On a phone the faces are below the fold; they are brought into view once.
function reveal(root) {
  if (memory.revealed) return;
  memory.revealed = true;
  if (!matchMedia("(max-width: 640px)").matches) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  requestAnimationFrame(() =>
    root.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" }));
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".labeller");
  root.stop?.();
  remember(data);
  let state = stateOf(data);

  // Without an answer shown, a label is not led by it.
  const isHidden = () => memory.blind && state.labels[state.at] === NONE;
  const show = () => {
    state = stateOf(data);
    const face = memory.faces.get(state.at);
    showCount(root, state);
    showFace(root, face, state.at);
    showAnswer(root, face, isHidden());
    showButtons(root, data, state, face, isHidden());
    showStrip(root, data, state);
  };
  const tell = () =>
    setStateValue("changes", {
      set: memory.set,
      changes: memory.changes,
      have: [...memory.faces.keys()],
    });
  const settle = (wait) => {
    clearTimeout(memory.timer);
    memory.timer = setTimeout(() => memory.settled?.(), wait);
  };
  const change = (...what) => {
    memory.number += 1;
    memory.changes.push([memory.number, ...what]);
    show();
    tell();
    if (what[0] !== "go") settle(SETTLED);
  };
  memory.settled = () => setTriggerValue("settled", memory.number);
  makeButtons(root, data, {
    label: (label) => change("label", state.at, label, !isHidden()),
    agree() {
      const { answer } = memory.faces.get(state.at) ?? {};
      const label = data.expressions.findIndex(({ name }) => name === answer) + 1;
      if (label && !isHidden()) this.label(label);
    },
    undo: () => state.history.length && change("undo"),
    step(by) {
      const index = state.at + by;
      if (index >= 0 && index < state.labels.length) change("go", index);
    },
    go: (index) => change("go", index),
    blind(chosen) {
      memory.blind = chosen;
      show();
    },
  });
  show();
  reveal(root);
  // After a reload, or a visit to another page, the server thinks that these are here.
  if (!memory.faces.has(state.at) && memory.missed !== `${data.done} ${state.at}`) {
    memory.missed = `${data.done} ${state.at}`;
    tell();
  }
  const press = (event) => keyed(event, root, data.expressions);
  document.addEventListener("keydown", press, true);
  root.stop = () => document.removeEventListener("keydown", press, true);
  return () => {
    root.stop();
    memory.settled = null;
  };
}
