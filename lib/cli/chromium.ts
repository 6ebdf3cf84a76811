/**
 * A Chromium of the project's own, in `.venv`, that draws figures where none is installed.
 *
 * It is the one that serverless machines run, an npm package for Linux on x86-64, and brings
 * the libraries and the font that such machines lack.
 *
 * @module
 */

import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { exists } from "../core/files.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { findChromium, OWN_CHROMIUM } from "../report/images.ts";
import { runStep } from "./set_up_step.ts";

const FOLDER = join(OWN_CHROMIUM, "..");
/** The package with its version, and the hashes of all that comes with it. */
const MANIFEST = join(PROJECT_ROOT, "lib", "cli", "chromium");
const MANIFEST_FILES = ["package.json", "deno.json", "deno.lock"] as const;

/** Starts the browser with the libraries and the font beside it, where the system has none. */
const START = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/browser" "$@"
`;

/** The font, for a system that has none; the package's own file names places of servers. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/** Whether there is a Chromium for this machine among the packages. */
export const CAN_FETCH_CHROMIUM: boolean = Deno.build.os === "linux" &&
  Deno.build.arch === "x86_64";

/**
 * Fetches a Chromium into `.venv`, unless one is found; where that fails, figures are
 * interactive only, and one line says so.
 *
 * @param print Is told what is going on, a line each.
 */
export async function provideChromium(
  print: (line: string) => void,
): Promise<void> {
  if (!CAN_FETCH_CHROMIUM || await findChromium() !== null) return;
  try {
    await fetchChromium(print);
  } catch (error) {
    print(
      `Figures will be interactive only: ${(error as Error).message}`,
    );
  }
}

/**
 * Fetches the Chromium of the manifest into `.venv`; does nothing where it is.
 *
 * @throws {Error} If this is another machine than Linux on x86-64, or it cannot be had.
 */
export async function fetchChromium(
  print: (line: string) => void,
): Promise<void> {
  if (!CAN_FETCH_CHROMIUM) {
    throw new Error(
      `Cannot fetch a Chromium: the package is for linux x86_64, got ${Deno.build.os} ${Deno.build.arch}; install a Chromium, Chrome or Edge instead`,
    );
  }
  const [wanted, has] = await Promise.all(
    [MANIFEST, FOLDER].map((folder) =>
      Deno.readTextFile(join(folder, "deno.lock")).catch(() => null)
    ),
  );
  if (wanted === has && await exists(OWN_CHROMIUM)) return;
  print("Fetching a Chromium that draws figures (67 MB) …");
  const partial = `${FOLDER}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(join(partial, "lib"), { recursive: true });
    for (const name of MANIFEST_FILES) {
      await Deno.copyFile(join(MANIFEST, name), join(partial, name));
    }
    await runStep(
      [Deno.execPath(), "install", "--frozen", "--quiet"],
      "fetch a Chromium: to install its package failed",
      { cwd: partial },
    );
    const packed = join(partial, "node_modules/@sparticuz/chromium/bin");
    const browser = join(partial, "browser");
    await _inflate(
      join(packed, "chromium.br"),
      createWriteStream(browser, { mode: 0o755 }),
    );
    for (const name of ["al2023", "fonts", "swiftshader"]) {
      await _unpack(join(packed, `${name}.tar.br`), partial);
    }
    await Deno.writeTextFile(join(partial, "fonts.conf"), FONTS);
    await Deno.writeTextFile(join(partial, "chromium"), START, { mode: 0o755 });
    await Deno.remove(join(partial, "node_modules"), { recursive: true });
    await Deno.remove(FOLDER, { recursive: true }).catch(() => {});
    await Deno.rename(partial, FOLDER);
  } finally {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
  }
}

function _inflate(file: string, to: NodeJS.WritableStream): Promise<void> {
  return pipeline(createReadStream(file), createBrotliDecompress(), to);
}

async function _unpack(file: string, folder: string): Promise<void> {
  const tar = new Deno.Command("tar", {
    args: ["-x", "-f", "-", "-C", folder],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const [, output] = await Promise.all([
    _inflate(file, Writable.fromWeb(tar.stdin)),
    tar.output(),
  ]);
  if (output.success) return;
  const reason = new TextDecoder().decode(output.stderr).trim().split("\n")
    .at(-1);
  throw new Error(
    `Cannot fetch a Chromium: to unpack it failed: ${
      reason || `exit code ${output.code}`
    }`,
  );
}
