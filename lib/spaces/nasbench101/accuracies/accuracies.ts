/**
 * Accuracies of NAS-Bench-101: the official file or a table, and the compact cache of either.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635); google-research/nasbench,
 * Apache-2.0.
 *
 * @module
 */

import { join } from "node:path";
import {
  type AccuracyTable,
  type Dataset,
  type PublishedFile,
  type ReadingOptions,
  sourceLine,
  type SpaceAccuracies,
} from "../../accuracies.ts";
import { CELL_COUNT } from "../cells.ts";
import { CACHE_NAME } from "./cache.ts";
import type { Nasbench101Repeats } from "./repeats.ts";
import {
  cachedRepeats,
  ENDINGS,
  importRepeats,
  readRepeats,
} from "./sources.ts";

const DATASET: Dataset = { name: "cifar10", title: "CIFAR-10" };

/** The official file. */
const OFFICIAL: PublishedFile = {
  name: "nasbench_only108.tfrecord",
  url: "https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord",
  bytes: 522_767_376,
  sha256: "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
};

/** Where the accuracies come from. */
export const ACCURACIES: SpaceAccuracies = {
  datasets: [DATASET],
  sources: [{
    names: [CACHE_NAME, OFFICIAL.name, "accuracies.csv.gz", "accuracies.csv"],
    endings: ENDINGS,
    published: OFFICIAL,
    cache: CACHE_NAME,
    load: _load,
    keep: _keep,
  }],
  surrogate: new URL("../surrogate.safetensors", import.meta.url),
};

/** The table may cover part of the space; it is read from the cache where that is of the file found. */
async function _load(
  path: string,
  { own, onProgress }: ReadingOptions,
): Promise<readonly AccuracyTable[]> {
  const cache = join(own, CACHE_NAME);
  const cached = path === cache ? null : await cachedRepeats(cache, path);
  return [_means(cached ?? await readRepeats(path, { onProgress }))];
}

async function _keep(
  path: string,
  { own, onProgress }: ReadingOptions,
): Promise<void> {
  await importRepeats(path, join(own, CACHE_NAME), { onProgress });
}

/** The means of repeats as a table. */
function _means(repeats: Nasbench101Repeats): AccuracyTable {
  const { repeats: count, cells, weights, source } = repeats;
  const scatter = (value: (i: number) => number) => {
    const values = new Float64Array(CELL_COUNT).fill(NaN);
    cells.forEach((cell, i) => values[cell] = value(i));
    return values;
  };
  const means = (values: Float32Array | Float64Array) =>
    scatter((i) => {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += values[i * count + k];
      return sum / count;
    });
  return {
    space: "nasbench101",
    dataset: DATASET.name,
    title: DATASET.title,
    validation: means(repeats.validation),
    test: means(repeats.test),
    covered: cells,
    ...(weights === null ? {} : { weights: scatter((i) => weights[i]) }),
    source: sourceLine(source.name, cells.length, CELL_COUNT),
  };
}
