import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { FileStore } from "../../../ondevice/fer_lens_ondevice/assets/engine/store.js";

const BASE = "https://app.example/scripts/";

/** A browser with a cache, whose server has these files. */
function browser(files, { caching = true, full = false, forbidden = false } = {}) {
  const entries = new Map();
  const asked = [];
  const cache = {
    match: async (url) => entries.get(url)?.clone(),
    put: async (url, response) => {
      if (full) throw new Error("QuotaExceededError");
      entries.set(url, response);
    },
    keys: async () => [...entries.keys()].map((url) => ({ url })),
    delete: async ({ url }) => entries.delete(url),
  };
  return {
    asked,
    entries,
    subtle: crypto.subtle,
    caches: caching ? { open: async () => (forbidden ? Promise.reject(new Error("no")) : cache) } : undefined,
    fetch: async (url) => {
      asked.push(url.href);
      const content = files[url.href];
      return content ? new Response(content) : new Response("no", { status: 404 });
    },
  };
}

const NETWORK = new TextEncoder().encode("a network");
const URL_OF_IT = "https://app.example/media/n.tflite";

function file(content = NETWORK, url = "../media/n.tflite") {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { url, sha256, bytes: content.length };
}

test("a file is fetched once, by an address that is relative to the scripts", async () => {
  const here = browser({ [URL_OF_IT]: NETWORK });
  for (let visit = 0; visit < 2; visit++) {
    const told = [];
    const content = await new FileStore(BASE, here).content(file(), (n) => told.push(n));
    assert.deepEqual(content, NETWORK);
    assert.equal(told.reduce((sum, n) => sum + n, 0), NETWORK.length);
  }
  assert.deepEqual(here.asked, [URL_OF_IT]);
});

for (const [what, content, code] of [
  ["another content of the same length", NETWORK.toReversed(), "integrity"],
  ["a content that is too long", new Uint8Array([...NETWORK, 1]), "integrity"],
  ["a file that breaks off", NETWORK.slice(0, 4), "network"],
]) {
  test(`${what} is refused and not kept`, async () => {
    const here = browser({ [URL_OF_IT]: content });
    await assert.rejects(new FileStore(BASE, here).content(file()), { code });
    assert.equal(here.entries.size, 0);
  });
}

test("a server that cannot be reached, or has no such file, is the network's fault", async () => {
  const here = browser({});
  await assert.rejects(new FileStore(BASE, here).content(file()), { code: "network" });
  here.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(new FileStore(BASE, here).content(file()), { code: "network" });
});

test("a kept file that has been spoiled is fetched again", async () => {
  const here = browser({ [URL_OF_IT]: NETWORK });
  const store = new FileStore(BASE, here);
  here.entries.set(store.entry(file().sha256), new Response("spoiled!!"));
  assert.deepEqual(await store.content(file()), NETWORK);
  assert.deepEqual(await store.content(file()), NETWORK);
  assert.equal(here.asked.length, 1);
});

for (const [what, options] of [
  ["keeps nothing", { caching: false }],
  ["has no room", { full: true }],
  ["forbids its cache", { forbidden: true }],
]) {
  test(`a browser that ${what} fetches each time`, async () => {
    const here = browser({ [URL_OF_IT]: NETWORK }, options);
    const store = new FileStore(BASE, here);
    assert.deepEqual(await store.content(file()), NETWORK);
    assert.deepEqual(await store.content(file()), NETWORK);
    await store.keepOnly([]);
    assert.equal(here.asked.length, 2);
  });
}

test("files of older versions are deleted, and no others", async () => {
  const other = new TextEncoder().encode("older");
  const here = browser({ [URL_OF_IT]: NETWORK, "https://app.example/old": other });
  const store = new FileStore(BASE, here);
  await store.content(file());
  await store.content(file(other, "https://app.example/old"));
  await store.keepOnly([file().sha256]);
  assert.deepEqual([...here.entries.keys()], [store.entry(file().sha256)]);
});
