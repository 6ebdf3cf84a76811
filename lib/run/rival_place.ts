/**
 * Where methods of other papers are run: in the folder of their run, which is theirs alone for
 * as long, on its space and its device.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import { openDevice } from "../engine/device.ts";
import type { Executor } from "../engine/executor.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { modelFolder } from "./folders.ts";
import { lockRun } from "./lock.ts";
import { resultsFolder, type RunSettings } from "./settings.ts";

/** Which methods are run, and who is told. */
export interface RivalOptions {
  /** As the command line has their names; by default all. */
  readonly only?: readonly string[];
  readonly onLine?: (line: string) => void | Promise<void>;
  /** Is told of trainings. */
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** The place; disposing it lets others have the folder. */
export interface RivalPlace extends Disposable {
  readonly space: SearchSpace;
  /** Folder of the run. */
  readonly outputs: string;
  /** Where and how models are trained. */
  readonly training: {
    readonly executor: Executor;
    readonly seed: number;
    readonly quick: boolean;
    /** Where a model of the run is written, by its name. */
    readonly newModel: (name: string) => string;
    readonly onProgress?: OnProgress;
  };
}

/**
 * Takes the folder of a run, and opens its device.
 *
 * @param options `threads`: as of `openDevice`.
 * @throws {Error} If another process has the folder, or the device is not to be had.
 */
export async function openRivalPlace(
  settings: RunSettings,
  { onProgress, threads }: Pick<RivalOptions, "onProgress"> & {
    readonly threads?: number;
  },
): Promise<RivalPlace> {
  const { seed, quick, device } = settings;
  const space = getSpace(settings.space);
  const outputs = resultsFolder(settings);
  await Deno.mkdir(outputs, { recursive: true });
  using taken = new DisposableStack();
  taken.use(await lockRun(outputs));
  await space.prepare(onProgress);
  const executor = await openDevice(device, { threads });
  const lock = taken.move();
  return {
    space,
    outputs,
    training: {
      ...{ executor, seed, quick, onProgress },
      newModel: (name) => modelFolder(outputs, name),
    },
    [Symbol.dispose]: () => lock.dispose(),
  };
}
