/** Files that are known by their SHA-256: fetched once, and kept in the browser. */

import { Failure } from "./failure.js";

/**
 * @typedef {object} KnownFile
 * @property {string} url absolute, or relative to the store's base
 * @property {string} sha256
 * @property {number} bytes
 *
 * @typedef {object} Browser what is used of it
 * @property {typeof fetch} fetch
 * @property {Pick<SubtleCrypto, "digest">} subtle
 * @property {Pick<CacheStorage, "open"> | undefined} caches absent where pages are not secure
 */

/** Name of the cache, and of the folder that its entries seem to lie in. */
export const CACHE = "fer-lens-ondevice";

/** @returns {Browser} */
const thisBrowser = () => ({
  fetch: fetch.bind(globalThis),
  subtle: crypto.subtle,
  caches: globalThis.caches,
});

/** Gives files whose content is what was expected, and no other. */
export class FileStore {
  /** @param {string} base address of the folder of the scripts @param {Browser} browser */
  constructor(base, browser = thisBrowser()) {
    this.base = base;
    this.browser = browser;
  }

  /**
   * The content of a file, out of the cache or from the server.
   * @param {KnownFile} file
   * @param {(bytes: number) => void} [onBytes] told of bytes as they come, of all at once if kept
   */
  async content(file, onBytes = () => {}) {
    const cache = await this.cache();
    const kept = await cache?.match(this.entry(file.sha256));
    if (kept) {
      const content = new Uint8Array(await kept.arrayBuffer());
      if (await this.isWhole(file, content)) {
        onBytes(content.length);
        return content;
      }
    }
    const content = await this.fetched(file, onBytes);
    if (!(await this.isWhole(file, content))) {
      throw new Failure("integrity", `${file.url} has another content than was expected`);
    }
    // A browser whose disk is full, or that keeps nothing in private windows, does without.
    await cache?.put(this.entry(file.sha256), new Response(content)).catch(() => {});
    return content;
  }

  /** Delete every entry but these. @param {Iterable<string>} hashes SHA-256 */
  async keepOnly(hashes) {
    const cache = await this.cache();
    const wanted = new Set([...hashes].map((hash) => this.entry(hash)));
    const entries = (await cache?.keys()) ?? [];
    const old = entries.filter((entry) => !wanted.has(entry.url));
    await Promise.all(old.map((entry) => cache?.delete(entry)));
  }

  /** @returns {Promise<Cache | undefined>} undefined where the browser keeps nothing */
  async cache() {
    return this.browser.caches?.open(CACHE).catch(() => undefined);
  }

  /** @param {string} sha256 */
  entry(sha256) {
    return new URL(`${CACHE}/${sha256}`, this.base).href;
  }

  /** @param {KnownFile} file @param {(bytes: number) => void} onBytes */
  async fetched(file, onBytes) {
    const content = new Uint8Array(file.bytes);
    let length = 0;
    try {
      // What the browser's own cache has under this address may be of an older version.
      const response = await this.browser.fetch(new URL(file.url, this.base), { cache: "no-store" });
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const room = content.length - length;
        content.set(part.value.subarray(0, room), length);
        length += part.value.length;
        onBytes(part.value.length);
      }
    } catch (error) {
      throw new Failure("network", `${file.url} could not be fetched: ${error}`);
    }
    if (length !== content.length) {
      const code = length < content.length ? "network" : "integrity";
      throw new Failure(code, `${file.url} has ${length} bytes, not ${content.length}`);
    }
    return content;
  }

  /** @param {KnownFile} file @param {Uint8Array<ArrayBuffer>} content */
  async isWhole(file, content) {
    const digest = new Uint8Array(await this.browser.subtle.digest("SHA-256", content));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === file.sha256;
  }
}
