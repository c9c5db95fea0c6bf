import assert from "node:assert/strict";
import test from "node:test";

import { Following } from "../../../ondevice/fer_lens_ondevice/assets/vision/following.js";

const CONSTANTS = {
  presence: {
    faceEvidence: 12, noFace: -5, newest: 0.5, firstWait: 0.2, longestWait: 5,
    recheckSeconds: 10, doubtSeconds: 1,
  },
  following: {
    followedIou: 0.1, newTrackScore: 0.6, freshSeconds: 1, freshFrameSeconds: 5,
    lookSeconds: 0.1, maxLooks: 6, velocitySeconds: 0.25, coastSeconds: 0.4, markedShare: 0.5,
  },
};

/** Return faces with these boxes. */
function facesAt(boxes, score = 0.9) {
  return {
    count: boxes.length,
    boxes: Float32Array.from(boxes.flat()),
    scores: new Float32Array(boxes.length).fill(score),
  };
}

const ids = (tracks) => tracks.map((track) => track?.id ?? 0);
const BOX = [100, 100, 150, 150];
const moved = (by) => BOX.map((place, k) => place + (k % 2 ? 0 : by));

test("a face keeps its number while it moves, and gets a velocity", () => {
  const following = new Following(CONSTANTS);
  for (let i = 0; i < 30; i++) following.follow(facesAt([moved(20 * i)]), i / 10);
  const [track] = following.follow(facesAt([moved(600)]), 3);
  assert.equal(track.id, 1);
  assert.ok(Math.abs(track.velocity[0] - 200) < 5);
  assert.ok(Math.abs(track.velocity[1]) < 1e-3);
});

test("an unsure face continues a track and starts none", () => {
  const following = new Following(CONSTANTS);
  assert.deepEqual(ids(following.follow(facesAt([BOX], 0.5), 0)), [0]);
  assert.deepEqual(ids(following.follow(facesAt([BOX], 0.7), 0.1)), [1]);
  assert.deepEqual(ids(following.follow(facesAt([BOX], 0.4), 0.2)), [1]);
});

test("numbers only grow: who was away for long is new", () => {
  const following = new Following(CONSTANTS);
  following.follow(facesAt([BOX]), 0);
  following.follow(facesAt([]), 0.1);
  assert.deepEqual(ids(following.follow(facesAt([BOX]), 0.9)), [1]);
  following.follow(facesAt([]), 1);
  following.follow(facesAt([]), 2.2);
  assert.deepEqual(ids(following.follow(facesAt([BOX]), 2.3)), [2]);
});

test("on a device that stalls, the frame before still counts", () => {
  const following = new Following(CONSTANTS);
  following.follow(facesAt([BOX]), 0);
  assert.deepEqual(ids(following.follow(facesAt([BOX]), 4)), [1]);
  assert.deepEqual(ids(following.follow(facesAt([BOX]), 10)), [2]);
});

test("time that goes back begins anew, with other numbers", () => {
  const following = new Following(CONSTANTS);
  following.follow(facesAt([BOX]), 5);
  assert.deepEqual(ids(following.follow(facesAt([BOX]), 1)), [2]);
});

test("one close look a frame, new faces first and the surest of these", () => {
  const following = new Following(CONSTANTS);
  const faces = facesAt([[0, 0, 50, 50], [100, 0, 150, 50], [200, 0, 250, 50]]);
  faces.scores.set([0.7, 0.95, 0.8]);
  const seen = [];
  for (let i = 0; i < 4; i++) {
    const tracks = following.follow(faces, 0.05 * i);
    const due = following.due(tracks, faces.scores, []);
    due.forEach((face) => following.looked(tracks[face], 20));
    seen.push(due);
  }
  assert.deepEqual(seen, [[1], [2], [0], []]);
});

test("where frames are rare there are more looks", () => {
  const following = new Following(CONSTANTS);
  const faces = facesAt([[0, 0, 50, 50], [100, 0, 150, 50], [200, 0, 250, 50]]);
  following.follow(faces, 0);
  assert.equal(following.due(following.follow(faces, 0.25), faces.scores, []).length, 3);
});

test("whom the server asks for is looked at first, although it is not due", () => {
  const following = new Following(CONSTANTS);
  const faces = facesAt([[0, 0, 50, 50], [100, 0, 150, 50]]);
  const first = following.follow(faces, 0);
  first.forEach((track) => following.looked(track, 30));
  const tracks = following.follow(faces, 0.05);
  assert.deepEqual(following.due(tracks, faces.scores, []), []);
  assert.deepEqual(following.due(tracks, faces.scores, [2, 77]), [1]);
});

test("what close looks refuse is no face, and looked at ever less often", () => {
  const following = new Following(CONSTANTS);
  let looks = 0;
  for (let i = 0; i < 100; i++) {
    const tracks = following.follow(facesAt([BOX]), i / 10);
    for (const face of following.due(tracks, Float32Array.of(0.9), [])) {
      following.looked(tracks[face], -20);
      looks++;
    }
    assert.equal(tracks[0].presence.isFace, false);
  }
  assert.ok(looks >= 5 && looks <= 7);
});

test("an issue is marked while its average is at least one half", () => {
  const following = new Following(CONSTANTS);
  const marked = (dark, seconds) => {
    const [track] = following.follow(facesAt([BOX]), seconds);
    return following.smoothed(track, [1], [false, false, dark, false], "h", 0.6).issues[2];
  };
  assert.deepEqual([0, 0.1, 0.5, 1.5].map((seconds) => marked(seconds === 0, seconds)), [
    true, true, false, false,
  ]);
});

test("local numbers fit into 16 bits", () => {
  const following = new Following(CONSTANTS);
  following.nextId = 65535;
  const two = facesAt([[0, 0, 50, 50], [100, 0, 150, 50]]);
  assert.deepEqual(ids(following.follow(two, 0)), [65535, 1]);
});

test("averages belong to a head", () => {
  const following = new Following(CONSTANTS);
  const none = [false, false, false, false];
  const mean = (values, head, seconds) => {
    const [track] = following.follow(facesAt([BOX]), seconds);
    return following.smoothed(track, values, none, head, 0.6).probabilities[0];
  };
  assert.equal(mean([1, 0], "one", 0), 1);
  const second = mean([0, 1], "one", 0.1);
  assert.ok(second > 0.8 && second < 0.9);
  assert.equal(mean([0, 1], "other", 0.2), 0);
  following.beginAverages("other");
  assert.equal(mean([1, 0], "other", 0.3), 1);
});
