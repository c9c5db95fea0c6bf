// Says that the server of this page cannot be reached or ends, or that the page has begun anew on
// another one.
const ASK_EVERY = 5000; // milliseconds

// What outlasts the server: this is the tab's own.
const tab = (window.ferLensTab ??= {
  visit: "", // name that the server gave to this tab; another server gives another one
  begunAnew: false,
  closed: "", // the visit whose notice was closed
  secondsLeft: null,
  cut: false,
});

const app = () => document.querySelector("[data-testid=stApp]");

function isCut() {
  return (app()?.dataset.testConnectionState ?? "CONNECTED") !== "CONNECTED";
}

// Streamlit's own dialog lies over what goes on without a server, and says how to start one.
function closeConnectionError() {
  for (const dialog of document.querySelectorAll("[data-testid=stDialog]")) {
    if (!dialog.textContent.trim().startsWith("Connection error")) continue;
    dialog.querySelector("button[aria-label=Close]")?.click();
  }
}

function element(kind, text, parent) {
  const made = document.createElement(kind);
  made.textContent = text;
  parent.append(made);
  return made;
}

function time(seconds) {
  if (seconds < 60) return "It ends within a minute.";
  const minutes = Math.round(seconds / 60);
  return `It ends in about ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`;
}

function show(root, data) {
  const texts = Object.fromEntries(data.texts);
  const over = tab.begunAnew || data.unknown;
  const cut = isCut();
  const shown = cut || tab.secondsLeft !== null || (over && tab.closed !== data.visit);
  root.replaceChildren();
  if (!shown) return;
  const box = element("section", "", root);
  box.setAttribute("role", "status");
  if (cut) {
    element("strong", texts.cut, box);
    element("p", texts.waits, box);
    return;
  }
  if (tab.secondsLeft !== null) {
    element("strong", texts.draining, box);
    element("p", `${time(tab.secondsLeft)} ${texts.save}`, box);
    element("a", texts.goOn, box).href = location.pathname;
    return;
  }
  element("strong", tab.begunAnew ? texts.begunAnew : texts.unknown, box);
  element("p", tab.begunAnew ? texts.gone : texts.kept, box);
  element("button", texts.close, box).onclick = () => {
    Object.assign(tab, { closed: data.visit, begunAnew: false });
    show(root, data);
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (tab.visit && tab.visit !== data.visit) {
    Object.assign(tab, { begunAnew: true, secondsLeft: null });
  }
  tab.visit = data.visit;
  const root = parentElement.querySelector(".notice");
  const ask = async () => {
    const said = await fetch(data.ask, { cache: "no-store" })
      .then((answer) => answer.json())
      .catch(() => null);
    if (said?.server !== data.server || !root.isConnected) return; // another one, or nobody
    const { secondsLeft } = said;
    if (secondsLeft === tab.secondsLeft) return;
    tab.secondsLeft = secondsLeft;
    show(root, data);
  };
  show(root, data);
  const line = new MutationObserver(() => {
    show(root, data);
    // A page that stands still does not notice by itself that another server has answered.
    if (tab.cut && !isCut()) setTriggerValue("back", true);
    tab.cut = isCut();
  });
  if (app()) line.observe(app(), { attributeFilter: ["data-test-connection-state"] });
  const dialogs = new MutationObserver(() => isCut() && closeConnectionError());
  dialogs.observe(document.body, { childList: true, subtree: true });
  const timer = data.server && setInterval(ask, ASK_EVERY);
  return () => {
    line.disconnect();
    dialogs.disconnect();
    clearInterval(timer);
  };
}
