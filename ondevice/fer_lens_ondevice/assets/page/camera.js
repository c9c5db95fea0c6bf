// The visitor's camera, and whether the browser can analyse by itself.

/** As the server's mode asks for it, at a higher rate; preferences only, so any camera works. */
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

/** @param {string} name @returns {Error} */
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

/** The smallest module with an instruction of WebAssembly SIMD: i8x16.splat, then drop. */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** Gigabytes of memory that a device must have, where its browser tells. */
const LEAST_MEMORY = 2;

/**
 * Return why it cannot, "" if it can: the name of a text.
 * @param {any} globals  of the page; given by tests
 * @returns {"" | "worker" | "simd" | "memory"}
 */
export function incapable(globals = globalThis) {
  const { Worker, OffscreenCanvas, createImageBitmap, WebAssembly, navigator } = globals;
  if (!Worker || !OffscreenCanvas || !createImageBitmap) return "worker";
  if (!WebAssembly?.validate?.(SIMD)) return "simd";
  if ((navigator?.deviceMemory ?? LEAST_MEMORY) < LEAST_MEMORY) return "memory";
  return "";
}
