/**
 * The published files of accuracies: names, addresses, sizes and digests.
 *
 * @module
 */


/** What cells are trained on. */
export type Dataset = "cifar10" | "cifar100" | "imagenet16-120";

/** How reports name them. */
export const DATASET_TITLES: Readonly<Record<Dataset, string>> = {
  "cifar10": "CIFAR-10",
  "cifar100": "CIFAR-100",
  "imagenet16-120": "ImageNet16-120",
};

/** A file as it was published. */
export interface PublishedFile {
  /** Its name in the folder of its space. */
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The data sets of each space, in the order of reports. */
export const DATASETS: Record<string, readonly Dataset[]> = {
  nasbench101: ["cifar10"],
  nasbench201: ["cifar10", "cifar100", "imagenet16-120"],
};

/** The official file of NAS-Bench-101; google-research/nasbench, Apache-2.0. */
export const NASBENCH101_FILE: PublishedFile = {
  name: "nasbench_only108.tfrecord",
  url: "https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord",
  bytes: 522_767_376,
  sha256: "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
};

const GENIUS =
  "https://raw.githubusercontent.com/mingkai-zheng/GENIUS/97361d30b2da337edd0c8e1ed71b7c88b4a85d38/benchmark";

function genius(name: string, bytes: number, sha256: string): PublishedFile {
  return { name, url: `${GENIUS}/${name}`, bytes, sha256 };
}

/** The files of NAS-Bench-201, one for each data set; mingkai-zheng/GENIUS, no licence stated. */
export const NASBENCH201_FILES: Record<Dataset, PublishedFile> = {
  "cifar10": genius(
    "nasbench201_cifar10.json",
    2_625_770,
    "7c5d7d890a285deb41556f95e904fab854f8fcfd65da7eb39410fdedd87215ec",
  ),
  "cifar100": genius(
    "nasbench201_cifar100.json",
    2_722_508,
    "6b21a0e98864e0aff288fc54bb5105907441bfd63bb063ad3d279edcbf926da5",
  ),
  "imagenet16-120": genius(
    "nasbench201_imagenet.json",
    2_738_705,
    "a29f63ca37b72cfa9a8e4ce6bad5d678c6039c9929c8060b7d32187f537d560f",
  ),
};
