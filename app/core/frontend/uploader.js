// What Streamlit's file uploader lacks: dropping and pasting anywhere, reasons in plain text, being
// emptied once the page has its files. When the page reruns, what listens is replaced.
const stops = new Map(); // by the uploader's key, as there may be several on a page

const chips = (uploader) => [...uploader.querySelectorAll('[data-testid="stFileChip"]')];
const titleOf = (chip) => chip.querySelector('[data-testid="stFileChipName"]').title;
// A name with half of a character would make the whole value invalid.
const nameOf = (chip) => titleOf(chip).toWellFormed?.() ?? titleOf(chip);
const refused = (chip) => chip.getAttribute("aria-invalid") === "true";
const discard = (chip) => chip.querySelector('[data-testid="stFileChipDeleteBtn"] button').click();

// What `app.core.server.streamlit_memory` answers, of which the uploader shows the number.
const inWords = (said) => (/\b(413|503)\b/.test(said)
  ? "This server has no room for it at the moment: try again in a minute."
  : said.replace(/^Error: /, ""));

const loading = (uploader) => uploader.querySelector('[data-testid="stFileChipIconSpinner"]');

// How many chips an uploader has, by its key, once every chosen file has one.
const expected = new Map();

// The uploader shows the reason in a tooltip, which a touch screen does not have. Telling the page
// makes it run, and a file whose upload has not begun by then gets lost now and then: it waits. The
// chip is only hidden, since discarding it would touch the others, too.
function tellRefused(uploader, key, tell) {
  const bad = chips(uploader).filter((chip) => refused(chip) && !chip.hidden);
  if (!bad.length || chips(uploader).length < expected.get(key) || loading(uploader)) return;
  expected.delete(key);
  tell(bad.map((chip) => ({
    name: nameOf(chip),
    reason: inWords(chip.querySelector('[role="alert"]')?.textContent ?? ""),
  })));
  bad.forEach((chip) => {
    chip.hidden = true;
    chip.style.display = "none";
  });
}

// Discarding a chip also deletes the file on the server. A file that the page does not have yet, or
// that is still on its way, must not be lost.
function empty(uploader, key, input, taken) {
  const good = chips(uploader).filter((chip) => !refused(chip));
  if (!good.length || loading(uploader)) return;
  if (good.map(nameOf).join("/") !== taken.join("/")) return;
  expected.delete(key);
  good.forEach(discard);
  input.value = ""; // or the browser is silent when the same file is chosen again
}

// The uploader has a limit for each file only. What is too much together is not even sent; of a
// folder that is dropped, nobody knows at this moment.
function bytesOf(files, suffixes) {
  const counted = [...files].filter(({ name }) =>
    !suffixes.length || suffixes.includes(name.split(".").pop().toLowerCase()));
  return counted.reduce((sum, file) => sum + file.size, 0);
}

function named(file, index) {
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
  const kind = file.type.split("/")[1].split("+")[0];
  return new File([file], `pasted ${time} ${index + 1}.${kind}`, { type: file.type });
}

function hand(files, input) {
  const carrier = new DataTransfer();
  files.forEach((file) => carrier.items.add(file));
  input.files = carrier.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function watch(uploader, input, { data, setTriggerValue }) {
  const key = data.uploader;
  // A hint to the picker only; the uploader itself takes everything, so that the page can say why
  // it does not read a file.
  input.accept = data.accept;
  const paste = (event) => {
    const images = [...(event.clipboardData?.files ?? [])]
      .filter((file) => data.pastes && file.type.startsWith(data.pastes));
    if (!images.length) return;
    // The uploader takes what is pasted while it has the focus, and would add it a second time.
    event.stopPropagation();
    event.preventDefault();
    hand(images.map(named), input);
  };
  // What is dropped beside all uploaders is dropped on this one.
  const drag = (event) => {
    const { dataTransfer, target, type } = event;
    if (!data.pastes || !dataTransfer?.types.includes("Files")) return;
    if (target.closest?.('[data-testid="stFileUploaderDropzone"]')) return;
    event.preventDefault();
    if (type !== "drop") return;
    input.closest('[data-testid="stFileUploaderDropzone"]').dispatchEvent(
      new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }),
    );
  };
  const chosen = (event) => {
    const files = event.dataTransfer?.files ?? event.target.files;
    if (!uploader.contains(event.target)) return;
    const bytes = data.most ? bytesOf(files ?? [], data.suffixes) : 0;
    if (bytes > (data.most ?? 0)) {
      event.stopPropagation();
      event.preventDefault();
      input.value = "";
      setTriggerValue("refused", [{ name: "", reason: "", bytes }]);
      return;
    }
    expected.set(key, chips(uploader).length + (files?.length ?? 0));
  };
  const tell = (files) => setTriggerValue("refused", files);
  const watcher = new MutationObserver(() => tellRefused(uploader, key, tell));
  watcher.observe(uploader, { childList: true, subtree: true, attributes: true });
  document.addEventListener("paste", paste, true);
  ["dragover", "drop"].forEach((kind) => document.addEventListener(kind, drag));
  ["change", "drop"].forEach((kind) => document.addEventListener(kind, chosen, true));
  tellRefused(uploader, key, tell);
  empty(uploader, key, input, data.taken);
  return () => {
    watcher.disconnect();
    document.removeEventListener("paste", paste, true);
    ["dragover", "drop"].forEach((kind) => document.removeEventListener(kind, drag));
    ["change", "drop"].forEach((kind) => document.removeEventListener(kind, chosen, true));
  };
}

// Where the uploader's own script comes late, as over a slow connection, there is nothing yet.
function once(found, use) {
  let stop;
  const look = () => {
    const there = found();
    if (there) stop = use(there);
    return Boolean(there);
  };
  if (look()) return () => stop();
  const coming = new MutationObserver(() => look() && coming.disconnect());
  coming.observe(document.body, { childList: true, subtree: true });
  return () => {
    coming.disconnect();
    stop?.();
  };
}

export default function (component) {
  const { data, parentElement } = component;
  const key = data.uploader;
  stops.get(key)?.();
  parentElement.querySelector("p").hidden = !data.pastes;
  if (/Mac|iP/.test(navigator.platform)) {
    parentElement.querySelector("kbd").textContent = "⌘V";
  }
  const stop = once(
    () => document.querySelector(`.st-key-${key} input[type="file"]`),
    (input) => watch(input.closest(`.st-key-${key}`), input, component),
  );
  stops.set(key, stop);
  return stop;
}
