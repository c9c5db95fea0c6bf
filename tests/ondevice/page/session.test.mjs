/** A session between Start and Stop, with a camera, a worker and a server that do as they are told. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { World, settled, setup } from "./fakes.mjs";

const phases = (world) => world.reports.map(({ phase }) => phase);

test("it runs as soon as both camera and networks are there, whichever comes last", async () => {
  const world = new World();
  const start = world.session.start();
  assert.deepEqual(phases(world), ["loading"]);
  world.worker.says({ type: "progress", loaded: 1e6, total: 4e6 });
  assert.deepEqual([world.shown.phase, world.shown.loaded, world.shown.total], ["loading", 1e6, 4e6]);
  world.worker.says({ type: "ready", accelerator: "wasm", milliseconds: 1 });
  await start;
  assert.deepEqual(phases(world), ["loading", "running"]);
});

test("frames go one at a time, the newest first, with what the visitor has set", async () => {
  const world = await new World().started();
  await world.frame();
  await world.frame();
  await world.frame();
  assert.equal(world.worker.frames.length, 1, "the worker is busy");
  world.worker.sees();
  await world.frame();
  const [first, second] = world.worker.frames;
  assert.deepEqual([first.number, second.number], [1, 2]);
  assert.deepEqual([first.received, second.received], [1, 3]);
  assert.deepEqual(second.settings, { head: "expression", smoothingSeconds: 0.6 });
  assert.deepEqual([second.shown, second.draw], [3, 1.5]);
  assert.ok(second.seconds > first.seconds);
});

test("what the server wants to see closely is asked for once", async () => {
  const world = await new World().started();
  await world.frame();
  world.worker.sees();
  world.milliseconds += 500;
  world.deliver();
  await world.frame();
  world.worker.sees();
  await world.frame();
  assert.deepEqual(world.worker.frames.map(({ wanted }) => wanted), [[], [1], []]);
  assert.deepEqual(world.session.people, { 1: 7 });
});

test("stop switches the camera off at once, and ends when the server has everything", async () => {
  const world = await new World().started();
  const { camera, worker } = world;
  await world.frame();
  world.session.stop();
  assert.equal(camera.on, false);
  assert.equal(worker.posted.at(-1).type, "end");
  assert.deepEqual(phases(world), ["loading", "running"], "the server does not know yet");
  assert.equal(world.shown.phase, "ending");
  worker.sees(); // the frame that was under way
  worker.says({ type: "ended" });
  assert.ok(worker.terminated);
  world.milliseconds += 500;
  const message = world.deliver();
  assert.equal(message.batches.length, 1);
  assert.equal(phases(world).at(-1), "ended");
});

test("without a connection it ends all the same, and what waits goes out later", async () => {
  const world = await new World().started();
  await world.frame();
  world.worker.sees();
  world.session.stop();
  world.worker.says({ type: "ended" });
  world.steps.forEach((step) => step());
  assert.equal(phases(world).at(-1), "ended");
  await world.started(); // and again
  await world.frame();
  world.worker.sees();
  world.milliseconds += 500;
  const [first, second] = [world.deliver(), (world.milliseconds += 500, world.deliver())];
  assert.deepEqual([first.run, second.run], ["run-1", "run-2"]);
});

test("without a runtime nothing is asked of the visitor", async () => {
  const world = new World();
  world.update({ setup: setup("a", { runtime: null, missing: "never built" }) });
  await world.session.start();
  assert.deepEqual(world.reports.at(-1), { phase: "failed", code: "runtime", detail: "never built" });
  assert.deepEqual([world.cameras.length, world.workers.length], [0, 0]);
});

test("a stop while the visitor is asked for the camera gives the camera back", async () => {
  const world = new World();
  const start = world.session.start();
  world.session.stop();
  await start;
  assert.equal(world.camera.on, false);
  assert.equal(world.session.phase, "ending");
});

test("a hidden tab pauses, and goes on when it is seen again", async () => {
  const world = await new World().started();
  world.session.hide(true);
  await world.frame();
  assert.equal(world.worker.frames.length, 0);
  world.session.hide(false);
  await world.frame();
  assert.equal(world.worker.frames.length, 1);
  assert.deepEqual(phases(world), ["loading", "running", "paused", "running"]);
  world.session.stop();
  world.session.hide(true);
  world.session.hide(false);
  assert.equal(world.session.phase, "ending");
});

test("another model is loaded without a restart of the camera, and begins a run", async () => {
  const world = await new World().started();
  const { camera } = world;
  await world.frame();
  world.update({ setup: setup("b") });
  assert.equal(world.worker.posted.at(-1).model.key, "b");
  world.worker.sees(); // still the model before
  await world.frame();
  assert.equal(world.worker.frames.length, 1, "until it is there, no frame goes");
  world.worker.says({ type: "ready", accelerator: "wasm", milliseconds: 1 });
  await world.frame();
  world.worker.sees();
  assert.deepEqual([world.workers.length, world.camera === camera, camera.on], [1, true, true]);
  const [first, second] = [(world.milliseconds += 500, world.deliver()), (world.milliseconds += 500, world.deliver())];
  assert.deepEqual([first.model, second.model], ["a", "b"]);
});

test("another camera takes the place of the one before", async () => {
  const world = await new World().started();
  const { camera } = world;
  world.session.choose("back");
  await settled();
  assert.deepEqual([camera.on, world.camera.id, world.camera.on], [false, "back", true]);
  await world.frame();
  assert.equal(world.worker.frames.length, 1);
});

test("what was cleared does not go out any more", async () => {
  const world = await new World().started();
  await world.frame();
  world.worker.sees();
  world.update({ generation: 1 });
  await world.frame();
  world.worker.sees();
  world.milliseconds += 500;
  const message = world.deliver();
  assert.deepEqual([message.generation, message.batches.length, message.run], [1, 1, "run-2"]);
});

test("the server may ask it to end, as the visitor goes on there", async () => {
  const world = await new World().started();
  world.update({ stop: true });
  assert.equal(world.camera.on, false);
  assert.equal(world.session.phase, "ending");
});

test("what fails ends it with the reason, and the camera goes off; it can be started again", async () => {
  const refused = new World();
  refused.refuse = "NotAllowedError";
  await refused.session.start();
  assert.deepEqual(refused.reports.at(-1), { phase: "failed", code: "camera", detail: "NotAllowedError" });
  assert.ok(refused.worker.terminated);

  const world = await new World().started();
  await world.frame();
  world.worker.sees();
  world.camera.events.ended();
  assert.deepEqual(world.reports.at(-1), { phase: "failed", code: "camera", detail: "ended" });
  world.milliseconds += 500;
  assert.equal(world.deliver().batches.length, 1, "what was seen is not lost");
  await world.started();
  world.worker.says({ type: "failed", code: "integrity", detail: "…" });
  assert.deepEqual(world.reports.at(-1), { phase: "failed", code: "integrity", detail: "…" });
  assert.equal(world.camera.on, false);
});

test("what is under the picture: a slow device, no picture, no connection", async () => {
  const world = await new World().started();
  for (let i = 0; i < 6; i++) {
    await world.frame();
    world.milliseconds += 900;
    world.worker.sees();
    world.milliseconds += 900;
  }
  world.session.show(); // as twice a second
  assert.equal(world.shown.note, "slow");
  world.camera.events.muted(true);
  assert.equal(world.shown.note, "muted");
  world.outbox.next("setup-a");
  world.milliseconds += 5000;
  world.session.show();
  assert.equal(world.shown.note, "notConnected");
});
