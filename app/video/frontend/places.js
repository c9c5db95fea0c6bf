// Places of the video on this page that a visitor can go to: moments with a portrait, and any time
// of the timeline, by pointer or keyboard. A line over the timeline shows where the video is.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

// Pixels within which a press is no swipe, and a time within the frame that begins there.
const STILL = 8;
const INSIDE = 0.001;

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function momentButton(moment, go) {
  const element = document.createElement("button");
  element.type = "button";
  element.setAttribute("aria-label", moment.label);
  element.title = moment.label;
  element.onclick = () => go(moment.seconds, true);
  const picture = document.createElement("img");
  picture.src = `data:image/jpeg;base64,${moment.portrait}`;
  picture.alt = "";
  const [answer, time] = [document.createElement("span"), document.createElement("span")];
  const mark = document.createElement("i");
  mark.style.background = moment.colour;
  answer.append(mark, moment.answer);
  time.append(moment.time);
  element.append(picture, answer, time);
  return element;
}

function personRow(person, go) {
  const row = document.createElement("div");
  row.className = "person";
  const name = document.createElement("h6");
  const mark = document.createElement("i");
  mark.style.background = person.colour;
  name.append(mark, person.name);
  const buttons = document.createElement("div");
  buttons.append(...person.moments.map((moment) => momentButton(moment, go)));
  row.append(name, buttons);
  return row;
}

// The chart's part with the bars, below which the pointer is.
const bars = (data) => document.querySelector(`.st-key-${data.chart} .area`);
const player = (data) => document.querySelector(`.st-key-${data.player} video`);

// Puts the line where the video is, over the bars wherever the page has them.
function place(root, data) {
  const [plot, area] = [root.querySelector(".plot"), bars(data)?.getBoundingClientRect()];
  plot.hidden = !area?.width || data.end <= data.start;
  if (plot.hidden) return;
  const from = root.getBoundingClientRect();
  plot.style.left = `${area.left - from.left}px`;
  plot.style.top = `${area.top - from.top}px`;
  plot.style.width = `${area.width}px`;
  plot.style.height = `${area.height}px`;
  const at = Math.min(Math.max(root.seconds, data.start), data.end);
  const head = root.querySelector(".head");
  head.style.left = `${(100 * (at - data.start)) / (data.end - data.start)}%`;
  head.setAttribute("aria-valuemin", data.start);
  head.setAttribute("aria-valuemax", data.end);
  head.setAttribute("aria-valuenow", at);
  head.setAttribute("aria-valuetext", `${clock(at)} of ${clock(data.end)}`);
}

function reveal(video) {
  video.style.scrollMarginTop = "4.5rem"; // the page's header lies over its content
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  video.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
}

// What happens to the player. It may be another element whenever the page has run.
function followVideo(root, data) {
  const ours = (event) => event.target === player(data);
  const moved = (event) => {
    if (!ours(event) || event.target.readyState < 1) return;
    root.seconds = event.target.currentTime;
    place(root, data);
  };
  const opened = (event) => {
    if (!ours(event)) return;
    root.querySelector("p").hidden = true;
    // The marked video and the original take turns, at the same place. Streamlit begins each at its
    // start as soon as this event reaches the element itself.
    const at = root.seconds;
    if (at > 0) setTimeout(() => (event.target.currentTime = at));
  };
  const failed = (event) => {
    if (ours(event)) root.querySelector("p").hidden = false;
  };
  const heard = { timeupdate: moved, seeking: moved, seeked: moved, loadedmetadata: opened, error: failed };
  for (const [kind, listen] of Object.entries(heard)) document.addEventListener(kind, listen, true);
  return () => {
    for (const [kind, listen] of Object.entries(heard)) document.removeEventListener(kind, listen, true);
  };
}

// A press on the bars, which keep what they say of themselves to a pointer above them.
function followPointer(data, go) {
  let pressed = null;
  const down = (event) => {
    const area = bars(data)?.getBoundingClientRect();
    const [x, y] = [event.clientX, event.clientY];
    const inside =
      area && x >= area.left && x <= area.right && y >= area.top && y <= area.bottom &&
      event.target.closest?.(`.st-key-${data.chart}`);
    pressed = inside ? { x, y, area } : null;
  };
  const up = (event) => {
    const since = pressed;
    pressed = null;
    if (!since || Math.hypot(event.clientX - since.x, event.clientY - since.y) > STILL) return;
    const share = (since.x - since.area.left) / since.area.width;
    go(data.start + share * (data.end - data.start), true);
  };
  document.addEventListener("pointerdown", down, true);
  document.addEventListener("pointerup", up, true);
  return () => {
    document.removeEventListener("pointerdown", down, true);
    document.removeEventListener("pointerup", up, true);
  };
}

function followKeys(root, data, go) {
  root.querySelector(".head").onkeydown = (event) => {
    const edge = { Home: data.start, End: data.end }[event.key];
    const to = edge ?? (event.key in STEPS ? root.seconds + STEPS[event.key] : undefined);
    if (to === undefined) return;
    event.preventDefault();
    go(Math.min(Math.max(to, data.start), data.end), false);
  };
}

// The page moves its parts about while it is drawn.
function followLayout(root, data) {
  const again = () => place(root, data);
  const watcher = new ResizeObserver(again);
  const watch = () => {
    for (const element of document.querySelectorAll(`.st-key-${data.chart}, .st-key-${data.player}`)) {
      watcher.observe(element);
    }
    again();
  };
  const arrivals = new MutationObserver(watch);
  const content = document.querySelector(".stMainBlockContainer") ?? document.body;
  arrivals.observe(content, { childList: true, subtree: true });
  watcher.observe(content);
  watch();
  return () => {
    arrivals.disconnect();
    watcher.disconnect();
  };
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".places");
  root.stop?.();
  if (root.video !== data.video) [root.video, root.seconds] = [data.video, player(data)?.currentTime ?? 0];
  const go = (seconds, show) => {
    root.seconds = seconds;
    const video = player(data);
    if (video) {
      video.currentTime = seconds + INSIDE;
      if (show) reveal(video);
    }
    place(root, data);
  };
  const moments = root.querySelector(".moments");
  const shown = JSON.stringify(data.people.map((person) => person.moments.map((m) => m.label)));
  if (root.shown !== shown) {
    moments.replaceChildren(...data.people.map((person) => personRow(person, go)));
    moments.hidden = !data.people.length;
    root.shown = shown;
  }
  followKeys(root, data, go);
  const stops = [followVideo(root, data), followPointer(data, go), followLayout(root, data)];
  root.stop = () => stops.forEach((stop) => stop());
  return () => root.stop?.();
}
