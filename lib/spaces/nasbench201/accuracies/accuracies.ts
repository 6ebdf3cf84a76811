/**
 * Accuracies of NAS-Bench-201: a file for each data set, kept as it was published.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326); the files are those of
 * mingkai-zheng/GENIUS, which states no licence.
 *
 * @module
 */

import { basename, join } from "node:path";
import { sha256, writeFileAtomic } from "../../../core/files.ts";
import {
  type AccuracySource,
  type AccuracyTable,
  type Dataset,
  type PublishedFile,
  type ReadingOptions,
  sourceLine,
  type SpaceAccuracies,
} from "../../accuracies.ts";
import { readNasbench201Json } from "./json.ts";

const FOLDER =
  "https://raw.githubusercontent.com/mingkai-zheng/GENIUS/97361d30b2da337edd0c8e1ed71b7c88b4a85d38/benchmark";

/** Each data set with its file. */
const FILES: readonly (readonly [Dataset, PublishedFile])[] = [
  [
    { name: "cifar10", title: "CIFAR-10" },
    _published(
      "nasbench201_cifar10.json",
      2_625_770,
      "7c5d7d890a285deb41556f95e904fab854f8fcfd65da7eb39410fdedd87215ec",
    ),
  ],
  [
    { name: "cifar100", title: "CIFAR-100" },
    _published(
      "nasbench201_cifar100.json",
      2_722_508,
      "6b21a0e98864e0aff288fc54bb5105907441bfd63bb063ad3d279edcbf926da5",
    ),
  ],
  [
    { name: "imagenet16-120", title: "ImageNet16-120" },
    _published(
      "nasbench201_imagenet.json",
      2_738_705,
      "a29f63ca37b72cfa9a8e4ce6bad5d678c6039c9929c8060b7d32187f537d560f",
    ),
  ],
];

/** Where the accuracies come from. */
export const ACCURACIES: SpaceAccuracies = {
  datasets: FILES.map(([dataset]) => dataset),
  sources: FILES.map(([dataset, published]): AccuracySource => ({
    names: [published.name],
    published,
    load: async (path) => [await _load(path, dataset, published)],
    keep: _keep,
  })),
  surrogate: new URL("../surrogate.safetensors", import.meta.url),
};

async function _load(
  path: string,
  { name, title }: Dataset,
  published: PublishedFile,
): Promise<AccuracyTable> {
  const means = await readNasbench201Json(path);
  const count = means.validation.length;
  const isPublished = sha256(await Deno.readFile(path)) === published.sha256;
  return {
    space: "nasbench201",
    dataset: name,
    title,
    ...means,
    source: sourceLine(basename(path), means.covered.length, count) +
      (isPublished ? "" : "; differs from the published file"),
  };
}

async function _keep(path: string, { own }: ReadingOptions): Promise<void> {
  await readNasbench201Json(path);
  await writeFileAtomic(join(own, basename(path)), await Deno.readFile(path));
}

function _published(
  name: string,
  bytes: number,
  sha256: string,
): PublishedFile {
  return { name, url: `${FOLDER}/${name}`, bytes, sha256 };
}
