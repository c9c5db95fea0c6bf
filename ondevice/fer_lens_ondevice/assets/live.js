// The component on the page. Streamlit calls it when it is mounted and again with all new data.

import { incapable, openCamera } from "./page/camera.js";
import { Outbox } from "./page/protocol.js";
import { Session } from "./page/session.js";
import { View } from "./page/view.js";

/** @import { Data, Trigger } from "./types.js" */

const BASE = new URL("./", import.meta.url).href;

/** Milliseconds between two looks for what has to go to the server. */
const LOOK_MILLISECONDS = 500;

/**
 * Milliseconds for which a component that was taken off the page goes on. On a busy server Streamlit
 * may take it off and put it back at once; that must not end what runs.
 */
const PARK_MILLISECONDS = 1500;

const clock = () => performance.now();

/** Outlives the component: what waits when the visitor goes to another page goes out on return. */
const outbox = new Outbox(clock);

class Live {
  constructor() {
    const view = new View();
    this.view = view;
    outbox.begin();
    /** @type {Trigger} */
    this.trigger = () => {};
    this.session = new Session({
      sources: {
        openCamera,
        openWorker: () => new Worker(`${BASE}worker.js`),
        base: BASE,
        clock,
        play: (stream) => view.play(stream),
        grab: () => view.grab(),
        later: (step, milliseconds) => setTimeout(step, milliseconds),
      },
      outbox,
      mark: (seen) => (view.overlay.seen = seen),
      drawn: () => view.overlay.takeDrawn(),
      show: (state) => view.show(state),
      report: (phase) => {
        outbox.phase = phase;
        this.send();
      },
      newId: () => crypto.getRandomValues(new Uint32Array(2)).join("-"),
    });
    view.serve(this.session);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const hide = () => {
      this.session.hide(document.hidden);
      this.send(true);
    };
    document.addEventListener("visibilitychange", hide, { signal });
    const { mediaDevices } = navigator;
    mediaDevices?.addEventListener?.("devicechange", () => view.listCameras(), { signal });
    this.timer = setInterval(() => this.send(), LOOK_MILLISECONDS);
  }

  /** @param {Data} data @param {Trigger} trigger */
  update(data, trigger) {
    this.trigger = trigger;
    outbox.answered(data.heard);
    const { session } = this;
    const first = !session.setup;
    session.update(data);
    const missing = session.setup?.missing ?? "";
    const reason = missing ? "runtime" : incapable();
    if (first && session.setup && reason) session.enter("unable", reason);
    this.send();
  }

  /** @param {boolean} [now]  whether not to wait until it is time */
  send(now = false) {
    const message = outbox.next(this.session.setup?.id ?? "", now);
    if (message) this.trigger("message", message);
    this.session.show();
  }

  close() {
    this.session.close();
    clearInterval(this.timer);
    this.listeners.abort();
    this.view.close();
  }
}

const mounted = /** @type {WeakMap<Node, Live>} */ (new WeakMap());
let parked = /** @type {Live | null} */ (null);

/**
 * @param {{data: Data, parentElement: Node, setTriggerValue: Trigger}} component
 * @returns {() => void}
 */
export default function live({ data, parentElement, setTriggerValue }) {
  const known = mounted.get(parentElement) ?? parked ?? new Live();
  if (!mounted.has(parentElement)) {
    parked = null;
    mounted.set(parentElement, known);
    known.view.enter(parentElement);
  }
  known.update(data, setTriggerValue);
  return () => {
    if (!mounted.delete(parentElement)) return;
    parked = known;
    setTimeout(() => {
      if (parked !== known) return;
      parked = null;
      known.close();
    }, PARK_MILLISECONDS);
  };
}
