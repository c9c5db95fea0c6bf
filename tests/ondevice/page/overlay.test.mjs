/** Which frames of the video count as drawn on. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Overlay } from "../../../ondevice/fer_lens_ondevice/assets/page/overlay.js";

const overlay = () => new Overlay({ getContext: () => ({ clearRect: () => {} }), width: 640, height: 480 });

for (const [camera, screen, expected] of [
  [0, 60, 0],
  [15, 60, 15],
  [30, 60, 30],
  [30, 10, 10], // a busy page draws on fewer
]) {
  test(`a camera of ${camera} frames a second on a screen of ${screen}`, () => {
    const marks = overlay();
    let arrived = 0;
    for (let step = 1; step <= screen + 2; step++) { // the last frame is drawn on a little later
      for (; arrived < camera && arrived < Math.floor((step * camera) / screen); arrived++) marks.arrived();
      marks.draw((1000 * step) / screen, step / screen, {}, {});
    }
    assert.equal(marks.takeDrawn().shown, expected);
    assert.equal(marks.takeDrawn().shown, 0);
  });
}
