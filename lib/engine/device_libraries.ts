/**
 * Native libraries of devices that `deno task setup --device` installs: where they lie and how
 * they are opened.
 *
 * @module
 */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import util from "node:util";
import { exists } from "../core/files.ts";
import { outputOf } from "../core/processes.ts";
import { PROJECT_ROOT } from "../core/project.ts";

/** Devices that need libraries which do not come with the project's packages. */
export const LIBRARY_DEVICES = ["tfjs-node-gpu", "cuda"] as const;

/** One of {@link LIBRARY_DEVICES}. */
export type LibraryDevice = typeof LIBRARY_DEVICES[number];

/** The folder of a device's libraries. */
export function libraryFolder(device: LibraryDevice): string {
  return join(PROJECT_ROOT, ".venv", "devices", device);
}

/** The file that a finished set-up leaves last in that folder. */
export const LIBRARY_STAMP = "setup.json";

/** Where onnxruntime-node looks for its providers: beside its own library. */
export function providerFolder(): string {
  const entry = fileURLToPath(import.meta.resolve("onnxruntime-node"));
  return join(
    dirname(entry),
    `../bin/napi-v6/${process.platform}/${process.arch}`,
  );
}

/** ONNX Runtime's CUDA provider and what it shares with others, files of {@link providerFolder}. */
export const CUDA_PROVIDERS = [
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_cuda.so",
] as const;

/** Whether a device's libraries are installed. */
export async function hasLibraries(device: LibraryDevice): Promise<boolean> {
  const files = [join(libraryFolder(device), LIBRARY_STAMP)];
  if (device === "cuda") {
    files.push(...CUDA_PROVIDERS.map((name) => join(providerFolder(), name)));
  }
  return (await Promise.all(files.map(exists))).every(Boolean);
}

/**
 * Loads `@tensorflow/tfjs-node-gpu`, which adds the backend `tensorflow` to TensorFlow.js.
 *
 * @throws {Error} If it is not installed or a library of its own is missing.
 */
export function openTfjsNodeGpu(): void {
  // It calls two functions that Node.js has since removed.
  const removed = util as unknown as Record<string, unknown>;
  removed.isNullOrUndefined ??= (value: unknown) => value == null;
  removed.isArray ??= Array.isArray;
  const require = createRequire(
    join(libraryFolder("tfjs-node-gpu"), "package.json"),
  );
  require("@tensorflow/tfjs-node-gpu");
}

/**
 * The version of NVIDIA's driver as it tells it, or null where it is not loaded.
 *
 * Asked of programs, as Deno opens nothing of `/proc` and `/dev` for a process that lacks any
 * permission; null too where none may be run.
 */
export async function nvidiaDriver(): Promise<string | null> {
  const text = await outputOf(["cat", "/proc/driver/nvidia/version"]);
  if (text !== null) {
    return text.match(/\b\d+\.\d+(\.\d+)?\b/)?.[0] ?? "an unknown version";
  }
  // Windows' own driver, in its subsystem for Linux.
  return await outputOf(["ls", "/dev/dxg"]) === null ? null : "one of Windows";
}

/** Libraries of CUDA in an order in which each finds those that it needs. */
const CUDA_LIBRARIES = [
  "nvidia/cu13/lib/libcudart.so.13",
  "nvidia/cu13/lib/libnvrtc.so.13",
  "nvidia/cu13/lib/libnvJitLink.so.13",
  "nvidia/cu13/lib/libcublasLt.so.13",
  "nvidia/cu13/lib/libcublas.so.13",
  "nvidia/cu13/lib/libcufft.so.12",
  "nvidia/cu13/lib/libcurand.so.10",
  "nvidia/cudnn/lib/libcudnn.so.9",
] as const;

/** What has been opened stays so, as ONNX Runtime finds it by its name. */
const opened: Deno.DynamicLibrary<Record<string, never>>[] = [];

/**
 * Opens the CUDA libraries that ONNX Runtime's provider needs, so that it finds them.
 *
 * @throws {Error} If one of them cannot be opened.
 */
export function openCudaLibraries(): void {
  for (const name of CUDA_LIBRARIES.slice(opened.length)) {
    opened.push(Deno.dlopen(join(libraryFolder("cuda"), name), {}));
  }
}
