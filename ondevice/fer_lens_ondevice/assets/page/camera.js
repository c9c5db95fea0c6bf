// The visitor's camera, as the server's mode asks for it: preferences only, so any camera works.

/** The rate is higher than on the server: no frame is sent anywhere. */
const WISHES = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 30 },
};

/**
 * @typedef {object} Camera
 * @property {MediaStream} stream
 * @property {string} id  of the device
 * @property {() => void} stop  switches it off at once
 */

/**
 * @typedef {object} CameraEvents
 * @property {() => void} ended  it was taken away
 * @property {(muted: boolean) => void} muted  it gives no picture for now, or does again
 */

/**
 * Ask for a camera. The microphone stays off.
 * @param {string} wanted  id of a device; the front camera if empty
 * @param {CameraEvents} events
 * @returns {Promise<Camera>}
 * @throws {Error} whose name says why there is none; see `MediaDevices.getUserMedia`
 */
export async function openCamera(wanted, events) {
  const { mediaDevices } = navigator;
  if (!mediaDevices?.getUserMedia) throw named("insecure");
  const which = wanted ? { deviceId: { exact: wanted } } : { facingMode: { ideal: "user" } };
  const stream = await mediaDevices.getUserMedia({ video: { ...WISHES, ...which }, audio: false });
  const [track] = stream.getVideoTracks();
  if (!track) throw named("NotFoundError");
  track.addEventListener("ended", events.ended);
  track.addEventListener("mute", () => events.muted(true));
  track.addEventListener("unmute", () => events.muted(false));
  const stop = () => {
    track.removeEventListener("ended", events.ended);
    for (const each of stream.getTracks()) each.stop();
  };
  return { stream, id: track.getSettings().deviceId ?? "", stop };
}

/**
 * @param {string} name
 * @returns {Error}
 */
function named(name) {
  return Object.assign(new Error(name), { name });
}

/**
 * Cameras to choose from. Browsers tell their names only to who may use one.
 * @returns {Promise<{id: string, name: string}[]>}
 */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  return devices
    .filter((device) => device.kind === "videoinput" && device.deviceId)
    .map((device, i) => ({ id: device.deviceId, name: device.label || String(i + 1) }));
}
