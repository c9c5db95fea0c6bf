// Added to the page before its own scripts. Counts what its worker has analysed and how often its
// overlay was drawn, without touching either.
(() => {
  const watched = { seen: 0, drawn: 0, ready: null, first: null, last: null };
  window.watched = watched;
  watched.sample = () => {
    const { width, height, faces, milliseconds, observation } = watched.last;
    return { width, height, faces, milliseconds, observation: [...new Uint8Array(observation)] };
  };

  const note = ({ data }) => {
    if (data?.type === "ready") watched.ready = { accelerator: data.accelerator, at: performance.now() };
    if (data?.type !== "seen") return;
    watched.seen += 1;
    if (!data.faces.some((face) => face.isFace)) return;
    watched.last = data;
    watched.first ??= performance.now();
  };
  const Native = window.Worker;
  window.Worker = class extends Native {
    constructor(...options) {
      super(...options);
      this.addEventListener("message", note);
    }
  };

  // The overlay is wiped once for each picture of it.
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    watched.drawn += 1;
    return clearRect.apply(this, area);
  };
})();
