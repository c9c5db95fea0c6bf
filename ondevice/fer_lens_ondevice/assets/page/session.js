// One visitor's live session in the browser, over all starts and stops: its phases and what goes out.

import { Stream } from "./stream.js";

/** @import { Data, Parts, PhaseName, Setup } from "../types.js" */

/** Milliseconds that the end waits for the worker and the server, before the page says so. */
const END_MILLISECONDS = 1500;

export class Session {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    this.data = /** @type {Data | null} */ (null);
    this.setup = /** @type {Setup | null} */ (null);
    this.phase = /** @type {PhaseName} */ ("idle");
    this.stream = /** @type {Stream | null} */ (null); // until nothing will be seen any more
    this.camera = ""; // id of the one to use
    this.run = "";
    this.people = /** @type {Record<string, number>} */ ({});
    this.wanted = /** @type {number[]} */ ([]);
    this.muted = false;
    this.bytes = { loaded: 0, total: 0 };
  }

  get active() {
    return this.phase === "loading" || this.phase === "running" || this.phase === "paused";
  }

  /** @param {Data} data */
  update(data) {
    const { data: before, setup: setupBefore } = this;
    this.data = data;
    this.setup = data.setup ?? this.setup;
    if (data.reply) this.replied(data.reply);
    if (before && before.generation !== data.generation) {
      this.parts.outbox.clear();
      if (this.active) this.open();
    }
    // Another model answers from when it is loaded; the camera stays on.
    const other = this.setup && setupBefore?.model.key !== this.setup.model.key;
    if (other && this.setup?.runtime && this.active) this.stream?.load(this.setup);
    if (data.stop) this.stop();
    this.settle();
  }

  /** @param {import("../types.js").Reply} reply */
  replied(reply) {
    this.parts.outbox.acknowledge(reply.run, reply.acknowledged);
    if (reply.run !== this.run) return;
    this.people = reply.people;
    this.wanted = reply.wanted;
  }

  /** The visitor wants to begin. Never rejects. */
  async start() {
    if (this.active || !this.setup) return;
    if (!this.setup.runtime) return this.enter("failed", "runtime", this.setup.missing);
    this.stream?.close();
    this.bytes = { loaded: 0, total: 0 };
    /** @type {Stream} */
    const stream = new Stream(this.parts.sources, {
      progress: (loaded, total) => {
        this.bytes = { loaded, total };
        this.show();
      },
      loaded: () => {
        if (this.phase !== "loading") this.open(); // it was another model
      },
      ready: () => this.ready(),
      seen: (seen) => {
        this.parts.outbox.add(seen.observation);
        if (this.active) this.parts.mark(seen);
      },
      muted: (muted) => {
        this.muted = muted;
        this.show();
      },
      failed: (code, detail) => stream === this.stream && this.fail(code, detail),
      ended: () => stream === this.stream && this.close(),
      wishes: () => this.wishes(),
    });
    this.stream = stream;
    this.open();
    this.enter("loading");
    stream.load(this.setup);
    await stream.useCamera(this.camera);
  }

  /** Begin a run: what is seen from now on has one model, in one generation of the session. */
  open() {
    this.run = this.parts.newId();
    this.people = {};
    this.wanted = [];
    const [generation, model] = [this.data?.generation ?? 0, this.setup?.model.key ?? ""];
    this.parts.outbox.open({ run: this.run, generation, model });
  }

  /** Camera and networks are there, for the first time or after a change. */
  ready() {
    if (this.phase === "loading") this.enter("running");
    if (this.phase === "running") this.stream?.pump.start();
  }

  wishes() {
    const { head = "", smoothingSeconds = 0 } = this.data?.settings ?? {};
    const { wanted } = this;
    this.wanted = []; // one look is enough
    return { settings: { head, smoothingSeconds }, wanted, ...this.parts.drawn() };
  }

  /** @param {string} id  of the camera to use from now on */
  choose(id) {
    this.camera = id;
    if (this.active) this.stream?.useCamera(id);
  }

  /** @param {boolean} hidden  whether the tab is, from now on */
  hide(hidden) {
    if (hidden && this.phase === "running") {
      this.stream?.pump.pause();
      this.enter("paused");
    } else if (!hidden && this.phase === "paused") {
      this.enter("running");
      this.stream?.pump.start();
    }
  }

  /** The visitor wants to end. The camera goes off at once; what was found still goes out. */
  stop() {
    if (!this.active) return;
    this.stream?.end();
    this.parts.mark(null);
    this.enter("ending");
    const { run } = this;
    const settle = () => run === this.run && this.settle(true);
    this.parts.sources.later(settle, END_MILLISECONDS);
  }

  /** @param {string} code @param {string} detail */
  fail(code, detail) {
    if (!this.active) return;
    this.close();
    this.enter("failed", code, detail);
  }

  /** Nothing will be seen any more. What waits in the outbox goes out all the same. */
  close() {
    this.stream?.close();
    this.stream = null;
    this.parts.mark(null);
    this.parts.outbox.end();
    this.settle();
  }

  /** End when the server has everything, or without that. @param {boolean} [atLast] */
  settle(atLast = false) {
    if (this.phase === "ending" && (atLast || (!this.stream && this.parts.outbox.delivered))) {
      this.enter("ended");
      if (this.stream) this.close();
    }
    this.show();
  }

  /** @param {PhaseName} phase @param {string} [code] @param {string} [detail] */
  enter(phase, code = "", detail = "") {
    this.phase = phase;
    // "ending" is for this page alone: the server hears of the end when it has everything.
    if (phase !== "ending") this.parts.report({ phase, code, detail });
    this.show();
  }

  show() {
    const { phase, muted } = this;
    const running = phase === "running" && (muted ? "muted" : this.stream?.pump.slow && "slow");
    const note = this.parts.outbox.lost ? "notConnected" : running || "";
    this.parts.show({ phase, ...this.bytes, note });
  }
}
