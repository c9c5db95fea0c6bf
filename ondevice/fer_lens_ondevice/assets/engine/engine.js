/** All that a device needs to look at frames: LiteRT, the networks, and who observes with them. */

import { faster } from "./accelerator.js";
import { failureOf } from "./failure.js";
import { filesOf, startLiteRt, variant } from "./litert.js";
import { DeviceNetworks, allFiles } from "./networks.js";
import { FileStore } from "./store.js";
import { Observer } from "../vision/observer.js";

/** @import { Accelerator, LoadMessage, ServedFile } from "../types.js" */
/** @import { Content } from "./litert.js" */
/** @import { LiteRt } from "../types.js" */

/** The detector's shape for most cameras. Others are fetched when a frame asks for them. */
const USUAL_CANVAS = "192x256";

export class Engine {
  /** @param {FileStore} store @param {DeviceNetworks} networks @param {Observer} observer */
  constructor(store, networks, observer) {
    this.store = store;
    this.networks = networks;
    this.observer = observer;
  }

  /**
   * @param {LoadMessage} message
   * @param {(loaded: number, total: number) => void} onProgress bytes
   */
  static async load(message, onProgress) {
    const { base, runtime, networks, constants, model } = message;
    const folder = new URL(runtime.path, base).href;
    const files = filesOf(runtime, folder, variant());
    const store = new FileStore(base);
    const { detector, landmark, expression } = networks;
    const first = [detector[USUAL_CANVAS], landmark, expression].filter((file) => file !== undefined);
    const parts = fetching(store, [...files, ...first], onProgress);
    const [loader, binary, ...rest] = /** @type {[Content, Content, ...Content[]]} */ (parts);
    // LiteRT starts while the networks are on their way.
    const [litert, ...fetched] = await Promise.all([startLiteRt(folder, loader, binary), ...rest]);
    // What was fetched first is not read again, nor kept.
    const contents = new Map(first.map(({ sha256 }, i) => [sha256, fetched[i]]));
    const contentOf = async (/** @type {ServedFile} */ file) => {
      const content = contents.get(file.sha256);
      contents.delete(file.sha256);
      return content ?? store.content(file);
    };
    const on = (/** @type {Accelerator} */ accelerator) =>
      new DeviceNetworks(litert, contentOf, networks, model, accelerator);
    const device = await prepared(litert, on);
    const kept = [...Object.values(runtime.files), ...allFiles(networks)];
    await store.keepOnly(kept.map(({ sha256 }) => sha256));
    return new Engine(store, device, new Observer(constants, model, device.run));
  }

  /**
   * Answer with another model from the next frame on; tracks go on.
   * @param {LoadMessage} message
   * @param {(loaded: number, total: number) => void} onProgress bytes
   */
  async swap({ networks, model }, onProgress) {
    await Promise.all(fetching(this.store, [networks.expression], onProgress));
    await this.networks.answerWith(networks, model);
    this.observer.answerWith(model, this.networks.run);
  }
}

/**
 * Fetch files side by side.
 * @param {FileStore} store @param {ServedFile[]} files
 * @param {(loaded: number, total: number) => void} onProgress
 */
function fetching(store, files, onProgress) {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let loaded = 0;
  const onBytes = (/** @type {number} */ bytes) => onProgress((loaded += bytes), total);
  return files.map((file) => store.content(file, onBytes));
}

/**
 * The networks, which have all run once, on the accelerator that is best here.
 * @param {LiteRt} litert @param {(accelerator: Accelerator) => DeviceNetworks} on
 */
async function prepared(litert, on) {
  const gpu = litert.getWebGpuDevice();
  // A fallback adapter is the processor in the guise of a graphics processor.
  const usable = gpu && !gpu.adapterInfo?.isFallbackAdapter;
  try {
    const best = usable ? await faster(async (which) => on(which).trial(USUAL_CANVAS)) : "wasm";
    const device = on(best);
    await device.runAll(USUAL_CANVAS);
    return device;
  } catch (error) {
    throw failureOf(error, "runtime");
  }
}
