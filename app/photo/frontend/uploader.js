// What Streamlit's file uploader lacks: pasting anywhere on the page, reasons in plain text, and
// being emptied once the page has its files. When the page reruns, what listens is replaced.
let stop = () => {};

const chips = (uploader) => [...uploader.querySelectorAll('[data-testid="stFileChip"]')];
const nameOf = (chip) => chip.querySelector('[data-testid="stFileChipName"]').title;
const refused = (chip) => chip.getAttribute("aria-invalid") === "true";
const discard = (chip) => chip.querySelector('[data-testid="stFileChipDeleteBtn"] button').click();

// The uploader shows the reason in a tooltip, which a touch screen does not have. The chip is only
// hidden: when it is discarded, files that were chosen together with it may get lost on their way.
function tellRefused(uploader, tell) {
  const bad = chips(uploader).filter((chip) => refused(chip) && !chip.hidden);
  if (!bad.length) return;
  tell(bad.map((chip) => ({
    name: nameOf(chip),
    reason: chip.querySelector('[role="alert"]')?.textContent.replace(/^Error: /, "") ?? "",
  })));
  bad.forEach((chip) => {
    chip.hidden = true;
    chip.style.display = "none";
  });
}

// Discarding a chip also deletes the file on the server. A file that the page does not have yet, or
// that is still on its way, must not be lost.
function empty(uploader, input, taken) {
  const good = chips(uploader).filter((chip) => !refused(chip));
  const loading = uploader.querySelector('[data-testid="stFileChipIconSpinner"]');
  if (!good.length || loading || good.map(nameOf).join("/") !== taken.join("/")) return;
  good.forEach(discard);
  input.value = ""; // or the browser is silent when the same file is chosen again
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

export default function ({ data, parentElement, setTriggerValue }) {
  stop();
  if (/Mac|iP/.test(navigator.platform)) {
    parentElement.querySelector("kbd").textContent = "⌘V";
  }
  const uploader = document.querySelector(`.st-key-${data.uploader}`);
  const input = uploader?.querySelector('input[type="file"]');
  if (!input) return;
  // A hint to the picker only; the uploader itself takes everything, so that the page can say why
  // it does not read a file.
  input.accept = data.accept;
  const paste = (event) => {
    const images = [...(event.clipboardData?.files ?? [])]
      .filter((file) => file.type.startsWith("image/"));
    if (!images.length) return;
    // The uploader takes what is pasted while it has the focus, and would add it a second time.
    event.stopPropagation();
    event.preventDefault();
    hand(images.map(named), input);
  };
  const tell = (files) => setTriggerValue("refused", files);
  const watcher = new MutationObserver(() => tellRefused(uploader, tell));
  watcher.observe(uploader, { childList: true, subtree: true, attributes: true });
  document.addEventListener("paste", paste, true);
  stop = () => {
    watcher.disconnect();
    document.removeEventListener("paste", paste, true);
  };
  tellRefused(uploader, tell);
  empty(uploader, input, data.taken);
  return () => stop();
}
