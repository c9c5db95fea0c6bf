import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { pixelReader } from "../../../ondevice/fer_lens_ondevice/assets/engine/pixels.js";

const drawn = [];

globalThis.OffscreenCanvas = class {
  getContext() {
    return {
      drawImage: (picture) => drawn.push(picture),
      getImageData: (x, y, width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
    };
  }
};

beforeEach(() => drawn.splice(0));

/** A frame of a video as browsers give it, with changes. */
function videoFrame(changes = {}) {
  return {
    displayWidth: 4,
    displayHeight: 2,
    visibleRect: { width: 4, height: 2 },
    allocationSize: ({ format }) => (format === "RGBA" ? 32 : 12),
    copyTo: async (target, { format }) => format === "RGBA" && target.fill(7),
    ...changes,
  };
}

test("a frame is copied into the same memory each time, and nothing is drawn", async () => {
  const read = pixelReader();
  const first = await read(videoFrame());
  assert.deepEqual([first.width, first.height, first.rgba.length], [4, 2, 32]);
  assert.ok(first.rgba.every((value) => value === 7));
  assert.equal((await read(videoFrame())).rgba, first.rgba);
  assert.deepEqual(drawn, []);
});

for (const [what, changes] of [
  ["is turned", { rotation: 90 }],
  ["is mirrored", { flip: true }],
  ["is shown at another size", { visibleRect: { width: 8, height: 2 } }],
  ["comes from a browser that converts nothing", { allocationSize: () => 12 }],
  ["comes from a browser that refuses", { allocationSize: () => { throw new TypeError("format"); } }],
]) {
  test(`a frame that ${what} is drawn`, async () => {
    const picture = videoFrame(changes);
    const { width, height, rgba } = await pixelReader()(picture);
    assert.deepEqual([width, height, rgba.length], [4, 2, 32]);
    assert.deepEqual(drawn, [picture]);
  });
}

test("a bitmap is drawn", async () => {
  const picture = { width: 3, height: 5 };
  const { width, height, rgba } = await pixelReader()(picture);
  assert.deepEqual([width, height, rgba.length], [3, 5, 60]);
  assert.deepEqual(drawn, [picture]);
});
