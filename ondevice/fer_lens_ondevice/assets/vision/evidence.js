/** How surely is this a face? As `fer.detection.evidence`. */

import { flatShare } from "./flat.js";
import { clamp } from "./geometry.js";
import { FaceLandmark } from "./landmark.js";

/** @typedef {import("./types.js").Constants} Constants */
/** @typedef {import("./types.js").Detections} Detections */
/** @typedef {import("./types.js").Image} Image */

/** Weighs what two networks see at a place, and whether it has any shading. */
export class Evidence {
  /**
   * @param {import("../types.js").Run["landmark"]} run
   * @param {Constants} constants
   */
  constructor(run, constants) {
    this.landmark = new FaceLandmark(run, constants.landmark);
    this.constants = constants.evidence;
  }

  /**
   * Return the evidence that a detection is a face.
   *
   * @param {Image} image
   * @param {Detections} faces
   * @param {number} face  which of them
   */
  async at(image, faces, face) {
    const { logitClip, logitWeight, flatWeight, overexposedEvidence } = this.constants;
    const score = clamp(faces.scores[face], logitClip, 1 - logitClip);
    const presence = await this.landmark.presence(image, faces, face);
    const seen = presence + logitWeight * Math.log(score / (1 - score));
    const box = faces.boxes.subarray(4 * face, 4 * face + 4);
    return seen - flatWeight * flatShare(image, box, seen >= overexposedEvidence, this.constants);
  }
}
