// Reports what stands against a camera, when the visitor presses Stop, and the errors of
// streamlit-webrtc, which it hides.

// The name of the error that the video's component shows; "" if there is none. It shows the
// browser's own words, such as "NotFoundError: Requested device not found".
function shownError(page) {
  let name = "";
  for (const alert of page.querySelectorAll("[role=alert]")) {
    const error = /^(?:[A-Z][A-Za-z]*)?Error(?=:)/.exec(alert.textContent.trim());
    if (!error) continue;
    alert.style.display = "none";
    name = error[0];
  }
  return name;
}

// Browsers without a permission query for the camera tell only whether there is one.
async function foundProblem(permission) {
  const devices = navigator.mediaDevices;
  if (!devices?.enumerateDevices) return "insecure";
  const found = await devices.enumerateDevices();
  if (!found.some((device) => device.kind === "videoinput")) return "missing";
  return permission?.state === "denied" ? "denied" : "";
}

export default function ({ data, setStateValue }) {
  const reported = { problem: "", error: "", stopped: 0 };
  const report = (name, value) => {
    if (value === reported[name]) return; // every report makes the page rerun
    reported[name] = value;
    setStateValue(name, value);
  };
  let permission = null;
  const look = async () => report("problem", await foundProblem(permission).catch(() => ""));
  const watched = new WeakSet();
  const watch = () => {
    for (const { contentDocument: page } of document.querySelectorAll("iframe[title*=webrtc]")) {
      if (!page?.body || watched.has(page)) continue;
      watched.add(page);
      const read = () => report("error", shownError(page));
      const changes = { childList: true, subtree: true, characterData: true };
      new MutationObserver(read).observe(page.body, changes);
      read();
      // Before the video's own listener, whose report ends the stream: it comes after this one.
      const press = (event) => {
        const button = event.target.closest("button");
        if (button?.textContent.trim() === data.stop) report("stopped", Date.now());
      };
      page.addEventListener("click", press, true);
    }
  };
  watch();
  const timer = setInterval(watch, 250);
  const devices = navigator.mediaDevices;
  devices?.addEventListener?.("devicechange", look);
  navigator.permissions?.query({ name: "camera" }).then((status) => {
    permission = status;
    permission.addEventListener("change", look);
  }).catch(() => {}).finally(look);
  return () => {
    clearInterval(timer);
    devices?.removeEventListener?.("devicechange", look);
    permission?.removeEventListener("change", look);
  };
}
