/**
 * `deno task setup --device NAME`: native libraries of a device, in `.venv/devices/NAME`.
 *
 * They come from wheels of PyPI, of which pip checks the hashes and keeps each once it is there: a
 * set-up that is cut short goes on with the next wheel. TensorFlow.js' binding is compiled
 * from its package's own source.
 *
 * @module
 */

import { basename, join, relative } from "node:path";
import { exists, readJson, sha256, writeJson } from "../core/files.ts";
import { outputOf } from "../core/processes.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import {
  CUDA_PROVIDERS,
  LIBRARY_DEVICES,
  LIBRARY_STAMP,
  type LibraryDevice,
  libraryFolder,
  nvidiaDriver,
  providerFolder,
} from "../engine/device_libraries.ts";
import { ENVIRONMENT_LOCK, environmentPython } from "./environment.ts";
import { runStep } from "./set_up_step.ts";

/** What TensorFlow's libraries are built for. */
export const BUILDS = ["cpu", "cuda"] as const;

/** One of {@link BUILDS}. */
export type Build = typeof BUILDS[number];

/** Packages and wheels of each device, with the hashes of all that comes with them. */
const MANIFESTS = join(PROJECT_ROOT, "lib", "cli", "device_setup");
const NPM_FILES = ["package.json", "deno.json", "deno.lock"] as const;

/** The one wheel of each project that is taken, whichever Python there is: it is not for Python. */
const WHEEL_TAGS = [
  ...["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"],
  ...["--abi", "none"],
  ...[
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_25_x86_64",
    "manylinux_2_18_x86_64",
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
  ].flatMap((platform) => ["--platform", platform]),
];

/** What is wanted of each wheel: libraries, programs and licences, and what is compiled against. */
const WHEEL_PARTS = [
  "nvidia/*.so*",
  "nvidia/*/bin/*",
  "nvidia/*/nvvm/*",
  "onnxruntime/capi/libonnxruntime_providers_*.so",
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
  "tensorflow/include/tensorflow/c/*",
  "tensorflow/include/tensorflow/core/platform/ctstring*",
  "tensorflow/include/tsl/*",
  "tensorflow/include/xla/tsl/*",
  "*.dist-info/*",
];

/** What a device was set up from. */
interface Stamp {
  /** SHA-256 of its manifest. */
  readonly manifest: string;
  readonly build: Build | null;
}

/** Options of {@link setUpDevice}. */
export interface DeviceSetup {
  /** Of TensorFlow's libraries; by default `cuda` where NVIDIA's driver is loaded. */
  readonly build?: Build;
  /** Is told what is going on, a line each. */
  readonly print?: (line: string) => void;
}

/**
 * Installs the libraries of a device; does nothing where they are.
 *
 * The Python environment must be set up. Two calls at once wait for each other.
 *
 * @throws {Error} If this is another machine than Linux on x86-64, a compiler is missing, or
 *   something cannot be had.
 */
export async function setUpDevice(
  device: LibraryDevice,
  { build, print = console.error }: DeviceSetup = {},
): Promise<void> {
  const action = `set up the device ${device}`;
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error(
      `Cannot ${action}: its libraries are for Linux on x86-64, got ${Deno.build.os} ${Deno.build.arch}; --device cpu runs everywhere`,
    );
  }
  if (
    device === "tfjs-node-gpu" && await outputOf(["g++", "--version"]) === null
  ) {
    throw new Error(
      `Cannot ${action}: a C++ compiler must be installed, got none named g++ (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++)`,
    );
  }
  const built: Build | null = device === "cuda"
    ? null
    : build ?? (await nvidiaDriver() === null ? "cpu" : "cuda");
  const folder = libraryFolder(device);
  const stamp = { manifest: await _manifestHash(device, built), build: built };
  using lock = await Deno.open(ENVIRONMENT_LOCK, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  if (!await _isDone(folder, stamp)) {
    // Of each build its own: their wheels hold files of the same names.
    const partial = `${folder}.${built ?? "cuda"}.partial`;
    await Deno.mkdir(partial, { recursive: true });
    await _unpackWheels(
      join(MANIFESTS, device, `${built ?? "wheels"}.txt`),
      partial,
      { action, print },
    );
    if (device === "tfjs-node-gpu") {
      await _compileBinding(partial, { action, print });
    }
    await writeJson(join(partial, LIBRARY_STAMP), stamp);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.rename(partial, folder);
  }
  if (device === "cuda") await _installProviders(folder);
  print(
    `The device ${device} is set up${
      built === null ? "" : ` (TensorFlow for ${built})`
    }.`,
  );
}

async function _manifestHash(
  device: LibraryDevice,
  build: Build | null,
): Promise<string> {
  const names = build === null
    ? ["wheels.txt"]
    : [...NPM_FILES, `${build}.txt`];
  const texts = await Promise.all(
    names.map((name) => Deno.readTextFile(join(MANIFESTS, device, name))),
  );
  return sha256(texts.join("\n"));
}

async function _isDone(folder: string, stamp: Stamp): Promise<boolean> {
  const last = await readJson<Stamp>(join(folder, LIBRARY_STAMP), "stamp")
    .catch(() => null);
  return last?.manifest === stamp.manifest && last.build === stamp.build;
}

interface Step {
  readonly action: string;
  readonly print: (line: string) => void;
}

/** Fetches each wheel of a list and unpacks what is wanted of it; those unpacked before are left. */
async function _unpackWheels(
  list: string,
  folder: string,
  { action, print }: Step,
): Promise<void> {
  const text = await Deno.readTextFile(list);
  const wanted = text.matchAll(/^(\S+==\S+) \\\n\s+--hash=sha256:(\S+)$/gm);
  const wheels = [...wanted];
  for (const [index, [line, name, hash]] of wheels.entries()) {
    const done = join(folder, `${hash}.unpacked`);
    if (await exists(done)) continue;
    print(
      `Fetching ${name.replace("==", " ")} (${
        index + 1
      } of ${wheels.length}) …`,
    );
    const download = join(folder, "wheel");
    await Deno.remove(download, { recursive: true }).catch(() => {});
    await Deno.mkdir(download);
    const only = join(download, "wheel.txt");
    await Deno.writeTextFile(only, line);
    const progress = Deno.stderr.isTerminal();
    await runStep(
      [
        ...[environmentPython(), "-m", "pip", "download", "--no-input"],
        ...(progress ? [] : ["--quiet"]),
        ...["--disable-pip-version-check", "--no-deps", "--require-hashes"],
        ...["--only-binary", ":all:", ...WHEEL_TAGS],
        ...["--dest", download, "--requirement", only],
      ],
      action,
      { shown: progress },
    );
    for await (const entry of Deno.readDir(download)) {
      if (!entry.name.endsWith(".whl")) continue;
      await runStep([
        environmentPython(),
        join(MANIFESTS, "unpack.py"),
        join(download, entry.name),
        folder,
        ...WHEEL_PARTS,
      ], action);
    }
    await Deno.remove(download, { recursive: true });
    await Deno.writeTextFile(done, "");
  }
}

/** Installs the npm package of TensorFlow.js' binding and compiles its source against TensorFlow. */
async function _compileBinding(
  folder: string,
  { action, print }: Step,
): Promise<void> {
  print("Compiling TensorFlow.js' binding …");
  const manifest = join(MANIFESTS, "tfjs-node-gpu");
  for (const name of NPM_FILES) {
    await Deno.copyFile(join(manifest, name), join(folder, name));
  }
  await runStep(
    [Deno.execPath(), "install", "--frozen", "--quiet"],
    action,
    { cwd: folder },
  );
  const modules = join(folder, "node_modules");
  const package_ = await Deno.realPath(
    join(modules, "@tensorflow", "tfjs-node-gpu"),
  );
  // It has to add its backend to the project's own TensorFlow.js, which is found further up.
  const scope = join(package_, "..");
  await Deno.remove(join(scope, "tfjs"), { recursive: true }).catch(() => {});
  const store = join(modules, ".deno");
  for await (const { name } of Deno.readDir(store)) {
    if (!/^@tensorflow\+tfjs(-(?!node)|@)/.test(name)) continue;
    await Deno.remove(join(store, name), { recursive: true });
  }
  await Deno.mkdir(join(scope, "tfjs-core"), { recursive: true });
  await Deno.writeTextFile(
    join(scope, "tfjs-core", "index.js"),
    'module.exports = require("@tensorflow/tfjs");\n',
  );
  const target = join(package_, "lib", "napi-v8");
  await Deno.mkdir(target, { recursive: true });
  const tensorflow = join(folder, "tensorflow");
  await runStep([
    ...[
      "g++",
      "-std=c++17",
      "-O2",
      "-fPIC",
      "-shared",
      "-DNAPI_VERSION=8",
      "-w",
    ],
    ...["-I", join(modules, "node-api-headers", "include")],
    ...["-I", join(tensorflow, "include")],
    join(package_, "binding", "tfjs_backend.cc"),
    join(package_, "binding", "tfjs_binding.cc"),
    ...["-o", join(target, "tfjs_binding.node")],
    ...["-L", tensorflow],
    ...["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"],
    `-Wl,-rpath,$ORIGIN/${relative(target, tensorflow)}`,
  ], action);
}

/** Puts ONNX Runtime's CUDA provider where onnxruntime-node looks for it. */
async function _installProviders(folder: string): Promise<void> {
  for (const name of CUDA_PROVIDERS) {
    const from = join(folder, "onnxruntime", "capi", name);
    const to = join(providerFolder(), name);
    const [has, wanted] = await Promise.all(
      [to, from].map((path) => Deno.stat(path).catch(() => null)),
    );
    if (has?.size === wanted?.size) continue;
    const partial = join(providerFolder(), `.${basename(name)}.tmp`);
    await Deno.copyFile(from, partial);
    await Deno.rename(partial, to);
  }
}

/** Whether a device is one that can be set up. */
export function isLibraryDevice(device: string): device is LibraryDevice {
  return (LIBRARY_DEVICES as readonly string[]).includes(device);
}

/** Whether a text names a build of TensorFlow's libraries. */
export function isBuild(build: string): build is Build {
  return (BUILDS as readonly string[]).includes(build);
}
