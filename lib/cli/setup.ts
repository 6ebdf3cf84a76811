/**
 * `deno task setup`: a project-local Python environment with JupyterLab and the Deno kernel, and
 * what else is asked for: development requirements, a Chromium, a device's libraries.
 *
 * Everything goes into `.venv`; `deno jupyter --install` is not used because it
 * writes to the home directory. A stamp tells what the environment was made
 * from, so that a second call has nothing to do.
 *
 * @module
 */

import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { exists, readJson, sha256, writeJson } from "../core/files.ts";
import { outputOf } from "../core/processes.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import {
  LIBRARY_DEVICES,
  type LibraryDevice,
} from "../engine/device_libraries.ts";
import { fetchChromium } from "./chromium.ts";
import { parseOptions, runCommand } from "./command.ts";
import {
  type Build,
  BUILDS,
  isBuild,
  isLibraryDevice,
  setUpDevice,
} from "./device_setup.ts";
import {
  ENVIRONMENT_FOLDER,
  ENVIRONMENT_LOCK,
  environmentPython,
  kernelFolder,
} from "./environment.ts";
import { runStep } from "./set_up_step.ts";

const ACTION = "set up the project";

const HELP = `deno task setup [options]

  --dev            install what tests and benchmarks compare with as well
  --browser        fetch a Chromium that draws figures (67 MB; Linux on x86-64), where
                   none is installed by you
  --device NAME    fetch the libraries of a device: ${
  LIBRARY_DEVICES.join(", ")
} (Linux on x86-64)
  --build NAME     of tfjs-node-gpu: ${
  BUILDS.join(", ")
} (cuda where NVIDIA's driver is loaded)

Makes .venv with JupyterLab and the Deno kernel, or brings it up to date. Other commands
do that themselves where they need it.
`;

/** The oldest Python that the pinned Jupyter runs on. */
const OLDEST_PYTHON = [3, 10] as const;

/** Programs that may be Python, in the order they are tried. */
const PYTHON_COMMANDS: readonly (readonly string[])[] = [
  ["python3"],
  ["python"],
  ["py", "-3"],
];

const INSTALL_HINT =
  "install Python 3.10 or newer (Debian, Ubuntu: apt-get install python3 python3-venv; elsewhere: python.org) and run the command again";

/** What runs the notebooks, and what tests and benchmarks compare with: locked, made from the `.in` files beside them. */
const REQUIREMENTS = "requirements.txt";
const DEVELOPMENT_REQUIREMENTS = "requirements-dev.txt";

/** PyTorch, by its version alone; the file says why. */
const PYTORCH_REQUIREMENT = "requirements-torch.txt";

/** What the lock's file holds in an environment that was made here, not found. */
const MADE_HERE = "made by deno task setup\n";

/** What an environment was made from; any difference is work to do. */
interface Stamp {
  /** SHA-256 of the requirements file. */
  readonly requirements: string;
  /** SHA-256 of the development requirements' files if they are installed too, or null. */
  readonly development: string | null;
  readonly python: string;
  readonly deno: string;
}

/** Asks a Python, however old, for its version and whether it can make environments. */
const PROBE = `
import sys
sys.stdout.write("%d.%d.%d" % tuple(sys.version_info[:3]))
try:
    import venv, ensurepip
    sys.stdout.write(" venv")
except ImportError:
    pass
`;

/**
 * Finds a Python that can make an environment.
 *
 * @param commands Programs to try, with arguments, in order.
 * @returns The command that starts it.
 * @throws {Error} If there is none, with what to install.
 */
export async function findPython(
  commands: readonly (readonly string[])[] = PYTHON_COMMANDS,
): Promise<readonly string[]> {
  let tooOld: string | null = null;
  let lacksVenv: string | null = null;
  for (const command of commands) {
    const answer = await outputOf([...command, "-c", PROBE]);
    const match = answer?.match(/^(\d+)\.(\d+)\.\d+( venv)?$/);
    if (!match) continue;
    const [major, minor] = [Number(match[1]), Number(match[2])];
    const enough = major > OLDEST_PYTHON[0] ||
      (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
    if (enough && match[3]) return command;
    const found = `${command.join(" ")} is Python ${major}.${minor}`;
    if (enough) lacksVenv ??= found;
    else tooOld ??= found;
  }
  if (lacksVenv !== null) {
    throw new Error(
      `Cannot set up Jupyter: ${lacksVenv} without the venv module; install it (Debian, Ubuntu: apt-get install python3-venv) and run the command again`,
    );
  }
  throw new Error(
    `Cannot set up Jupyter: ${
      tooOld === null ? "no Python was found" : `${tooOld}, which is too old`
    }; ${INSTALL_HINT}`,
  );
}

/**
 * Installs a requirements file, without pip's cache in the home directory.
 *
 * @param locked Whether it names a hash of everything; then nothing is built from
 *   source either, whose tools would come without one.
 */
function installRequirements(
  file: string,
  { locked, action }: { locked: boolean; action: string },
): Promise<void> {
  return runStep([
    environmentPython(),
    ...["-m", "pip", "install", "--quiet", "--no-input", "--no-cache-dir"],
    "--disable-pip-version-check",
    ...(locked ? ["--require-hashes", "--only-binary", ":all:"] : []),
    ...["-r", join(PROJECT_ROOT, file)],
  ], action);
}

/** SHA-256 of requirements files, one after the other. */
async function filesStamp(...files: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    files.map((file) => Deno.readTextFile(join(PROJECT_ROOT, file))),
  );
  return sha256(texts.join("\n"));
}

/** Version of the environment's own Python; null where there is none that runs. */
function environmentVersion(): Promise<string | null> {
  return outputOf([
    environmentPython(),
    "-c",
    "import sys; print(sys.version.split()[0])",
  ]);
}

/** Removes the environment but for the lock that guards it. */
async function clearEnvironment(): Promise<void> {
  for await (const entry of Deno.readDir(ENVIRONMENT_FOLDER)) {
    if (entry.name === basename(ENVIRONMENT_LOCK)) continue;
    await Deno.remove(join(ENVIRONMENT_FOLDER, entry.name), {
      recursive: true,
    });
  }
}

/**
 * Makes the environment, or brings it up to date; does nothing where it is.
 *
 * Two calls at once wait for each other.
 *
 * @param options `development` installs what only tests and benchmarks need as
 *   well; `print` is told what is going on, a line each.
 * @throws {Error} If there is no suitable Python, or something cannot be installed.
 */
export async function setup(
  { development = false, print = console.error }: {
    development?: boolean;
    print?: (line: string) => void;
  } = {},
): Promise<void> {
  const stampPath = join(ENVIRONMENT_FOLDER, "setup.json");
  const kernelPath = join(kernelFolder(), "kernel.json");
  const readStamp = () =>
    readJson<Stamp>(stampPath, "set-up stamp").catch(() => null);
  const requirements = await filesStamp(REQUIREMENTS);
  const developmentRequirements = await filesStamp(
    DEVELOPMENT_REQUIREMENTS,
    PYTORCH_REQUIREMENT,
  );

  /** The stamp of an environment that is up to date; what `last` had installed for development is kept. */
  const upToDate = (last: Stamp | null, python: string | null): Stamp => ({
    requirements,
    development: development
      ? developmentRequirements
      : last?.development ?? null,
    python: python ?? "none",
    deno: Deno.execPath(),
  });
  const isDone = async (last: Stamp | null) =>
    last !== null && await exists(kernelPath) &&
    isDeepStrictEqual(last, upToDate(last, await environmentVersion()));

  if (await isDone(await readStamp())) return;
  const isNew = !await exists(ENVIRONMENT_FOLDER);
  await Deno.mkdir(ENVIRONMENT_FOLDER, { recursive: true });
  using lock = await Deno.open(ENVIRONMENT_LOCK, { create: true, write: true });
  await lock.lock(true);
  if (isNew) await lock.write(new TextEncoder().encode(MADE_HERE));
  let last = await readStamp();
  if (await isDone(last)) return; // another call was faster
  const ours = await Deno.readTextFile(ENVIRONMENT_LOCK) === MADE_HERE;

  let python = await environmentVersion();
  if (python === null || last?.python !== python) {
    const command = await findPython();
    print("Setting up Jupyter in .venv …");
    // A half-made environment of ours is made anew, one of the user's is kept.
    if (ours) await clearEnvironment();
    await runStep(
      [...command, "-m", "venv", ENVIRONMENT_FOLDER],
      "make the Python environment .venv",
    );
    last = null;
    python = await environmentVersion();
  }
  const stamp = upToDate(last, python);
  if (last?.requirements !== stamp.requirements) {
    print("Installing JupyterLab, nbclient and nbconvert …");
    await installRequirements(REQUIREMENTS, {
      locked: true,
      action: "install Jupyter",
    });
  }
  if (development && last?.development !== stamp.development) {
    print("Installing the development requirements …");
    await installRequirements(DEVELOPMENT_REQUIREMENTS, {
      locked: true,
      action: "install the development requirements",
    });
    await installRequirements(PYTORCH_REQUIREMENT, {
      locked: false,
      action: "install PyTorch",
    });
  }
  await writeJson(kernelPath, {
    argv: [
      Deno.execPath(),
      ...["jupyter", "--kernel", "--conn", "{connection_file}"],
    ],
    display_name: "Deno",
    language: "typescript",
  });
  await writeJson(stampPath, stamp);
  print("Jupyter is ready.");
}

/** A set-up as asked for on the command line. */
export interface SetupRequest {
  readonly development: boolean;
  readonly browser: boolean;
  readonly device: LibraryDevice | null;
  readonly build: Build | undefined;
}

/**
 * Reads the command line of `setup`.
 *
 * @throws {RangeError} If an option is unknown or its value is wrong.
 */
export function parseSetupArguments(args: readonly string[]): SetupRequest {
  const { dev, browser, device = null, build } = parseOptions(args, {
    dev: { type: "boolean" },
    browser: { type: "boolean" },
    device: { type: "string" },
    build: { type: "string" },
  }, ACTION);
  if (device !== null && !isLibraryDevice(device)) {
    throw new RangeError(
      `Cannot ${ACTION}: --device must be ${
        LIBRARY_DEVICES.join(" or ")
      }, as others need no set-up, got ${device}`,
    );
  }
  if (build !== undefined && device !== "tfjs-node-gpu") {
    throw new RangeError(
      `Cannot ${ACTION}: --build must stand with --device tfjs-node-gpu, got ${
        device === null ? "no device" : `--device ${device}`
      }`,
    );
  }
  if (build !== undefined && !isBuild(build)) {
    throw new RangeError(
      `Cannot ${ACTION}: --build must be ${BUILDS.join(" or ")}, got ${build}`,
    );
  }
  return {
    development: dev ?? false,
    browser: browser ?? false,
    device,
    build,
  };
}

async function main(args: readonly string[]): Promise<number> {
  const { development, browser, device, build } = parseSetupArguments(args);
  await setup({ development });
  if (browser) await fetchChromium(console.error);
  if (device !== null) await setUpDevice(device, { build });
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
