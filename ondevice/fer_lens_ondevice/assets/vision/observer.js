/** From one frame to what is seen in it: the whole path, as `fer.stream.FaceStream`. */

import { Light, appearanceOf } from "./appearance.js";
import { probabilitiesOf } from "./answers.js";
import { BlazeFace } from "./blazeface.js";
import { Classifier } from "./classifier.js";
import { SceneCuts } from "./cuts.js";
import { Evidence } from "./evidence.js";
import { Following } from "./following.js";
import { cameraIsOff, workingSize } from "./frames.js";
import { emptyDetections } from "./geometry.js";
import { Places, fromRgba } from "./image.js";
import { packObservation } from "../wire.js";

/** @import { Frame, Model, Run, Seen } from "../types.js" */
/** @import { Constants, Detections, Image, Observed } from "./types.js" */
/** @import { Track } from "./following.js" */

/** Looks at the frames of one run of the camera, in order. */
export class Observer {
  /** @param {Constants} constants @param {Model} model @param {Run} run */
  constructor(constants, model, run) {
    this.constants = constants;
    this.detector = new BlazeFace(run.detector, constants.blazeface);
    this.evidence = new Evidence(run.landmark, constants);
    this.light = new Light(constants.appearance);
    this.following = new Following(constants);
    this.cuts = new SceneCuts(constants.cuts);
    this.classifier = new Classifier(run.expression, model, constants);
    this.places = new Places();
  }

  /**
   * Use another model from the next frame on; tracks go on.
   * @param {Model} model
   * @param {Run} run  all networks; those from before may go away
   */
  answerWith(model, run) {
    this.detector.run = run.detector;
    this.evidence.landmark.run = run.landmark;
    this.classifier = new Classifier(run.expression, model, this.constants);
    this.following.beginAverages("");
  }

  /**
   * Return what is seen in the next frame, for the page and as it goes to the server.
   * @param {Frame} frame
   */
  async see(frame) {
    const { observed, faces } = await this.observe(frame);
    const { width, height, black } = observed;
    const { number, seconds } = frame;
    const observation = packObservation(observed, frame, this.constants.wire);
    return { number, seconds, width, height, black, faces, observation };
  }

  /** Return what is seen in the next frame, as arrays and for the page. @param {Frame} frame */
  async observe({ rgba, width, height, seconds, settings, wanted }) {
    const watch = new Stopwatch();
    const { frames, blazeface } = this.constants;
    const whole = fromRgba({ data: rgba, width, height });
    const image = workingSize(whole, frames, this.places);
    const black = cameraIsOff(whole, frames);
    const nobody = emptyDetections(0, blazeface.landmarks);
    const faces = black ? nobody : await this.detector.detect(image);
    watch.stop("detect");
    const cut = !black && this.cuts.isCut(image, seconds);
    if (cut) this.following.tracks = []; // who is in the same place is not the same for that
    const isOtherLight = cut || seconds < this.following.seconds;
    if (isOtherLight) this.light = new Light(this.constants.appearance);
    const light = black ? new Float32Array(3) : this.light.next(image);
    const looks = appearanceOf(image, faces.boxes, light, this.constants.appearance);
    const tracks = black ? [] : this.following.follow(faces, seconds);
    const evidence = await this.lookClosely(image, faces, tracks, wanted);
    watch.stop("track");
    const { crops, issues } = this.classifier.align(image, faces);
    watch.stop("align");
    const logits = await this.classifier.classify(crops);
    watch.stop("classify");
    const shown = this.shown(tracks, issues, logits, settings);
    const ids = Uint16Array.from(tracks, (track) => track?.id ?? 0);
    const believed = tracks.map((track) => track?.presence.isFace ?? false);
    const size = { width: image.width, height: image.height, black, cut };
    const { outputs } = this.classifier;
    const seen = { faces, looks, evidence, issues, logits, ids, believed, outputs };
    return { observed: { ...size, ...seen, milliseconds: watch.milliseconds }, faces: shown };
  }

  /**
   * Return the evidence that each face is one; NaN where nobody looked.
   * @param {Image} image @param {Detections} faces @param {(Track | undefined)[]} tracks
   * @param {number[]} wanted
   */
  async lookClosely(image, faces, tracks, wanted) {
    const evidence = new Float32Array(faces.count).fill(NaN);
    for (const face of this.following.due(tracks, faces.scores, wanted)) {
      const track = tracks[face];
      evidence[face] = await this.evidence.at(image, faces, face);
      if (track) this.following.looked(track, evidence[face]);
    }
    return evidence;
  }

  /**
   * Return the faces that are followed, as the page shows them.
   * @param {(Track | undefined)[]} tracks @param {boolean[][]} issues
   * @param {Record<string, Float32Array>[]} logits @param {Frame["settings"]} settings
   * @returns {Seen["faces"]}
   */
  shown(tracks, issues, logits, { head, smoothingSeconds }) {
    const { heads } = this.classifier.model;
    const of = heads.find(({ name }) => name === head) ?? heads[0];
    return tracks.flatMap((track, i) => {
      if (!track) return [];
      const values = probabilitiesOf(logits[i], of, heads);
      const mean = this.following.smoothed(track, values, issues[i], of.name, smoothingSeconds);
      const [x0, y0, x1, y1] = track.box;
      const [across, down] = track.velocity;
      return {
        id: track.id,
        box: /** @type {[number, number, number, number]} */ ([x0, y0, x1, y1]),
        velocity: /** @type {[number, number]} */ ([across, down]),
        isFace: track.presence.isFace,
        ...mean,
      };
    });
  }
}

/** How long the stages of a frame took. */
class Stopwatch {
  constructor() {
    this.start = performance.now();
    this.milliseconds = { detect: 0, track: 0, align: 0, classify: 0 };
  }

  /** @param {keyof Observed["milliseconds"]} stage  which has ended */
  stop(stage) {
    const now = performance.now();
    this.milliseconds[stage] += now - this.start;
    this.start = now;
  }
}
