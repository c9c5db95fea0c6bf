// Can this browser analyse by itself?

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
