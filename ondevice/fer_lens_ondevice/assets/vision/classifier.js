/** Aligns faces, measures their pictures and classifies them, as `fer.analyzer.classify_faces`. */

import { alignFace } from "./alignment.js";
import { toGrey } from "./image.js";
import { issuesOf, measure } from "./quality.js";

/** @import { Constants, Detections, Image } from "./types.js" */

/** Classifies faces with one model; keeps the network's input. */
export class Classifier {
  /**
   * @param {import("../types.js").Run["expression"]} run @param {import("../types.js").Model} model
   * @param {Constants} constants
   */
  constructor(run, model, constants) {
    this.run = run;
    this.model = model;
    this.constants = constants;
    this.outputs = model.heads.filter(({ output }) => output).map(({ output }) => output);
    this.values = new Float32Array(model.inputSize ** 2 * model.channels);
  }

  /** Return the aligned faces and their issues. @param {Image} image @param {Detections} faces */
  align(image, faces) {
    const { framing, inputSize, channels } = this.model;
    const { alignment, quality } = this.constants;
    /** @type {Image[]} */
    const crops = [];
    /** @type {boolean[][]} */
    const issues = [];
    const size = faces.count ? faces.points.length / faces.count : 0;
    for (let i = 0; i < faces.count; i++) {
      const points = faces.points.subarray(i * size, (i + 1) * size);
      const box = faces.boxes.subarray(4 * i, 4 * i + 4);
      const crop = alignFace(image, points, box, framing, inputSize, alignment.oversampling);
      crops.push(channels === 1 ? toGrey(crop) : crop);
      issues.push(issuesOf(measure(box, points, crops[i], quality), quality));
    }
    return { crops, issues };
  }

  /** Return what the network says of each crop. @param {Image[]} crops */
  async classify(crops) {
    const said = [];
    for (const { data } of crops) {
      this.values.set(data);
      said.push(await this.run(this.values));
    }
    return said;
  }
}
