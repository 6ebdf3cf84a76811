/**
 * The versions that parts of `lib/` declare: what tells results of one version of a part from
 * those of another, whatever else changed in its text.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../core/project.ts";

/**
 * Reads the `VERSION` of each module of some folders that declares one.
 *
 * A new part is found by what it declares; nothing else has to name it.
 *
 * @param folders Below `lib/`, such as `search`; folders within them count as well.
 * @returns Version by path below `lib/`, in the order of paths.
 */
export function declaredVersions(
  ...folders: readonly string[]
): Record<string, number> {
  const lib = join(PROJECT_ROOT, "lib");
  const versions: Record<string, number> = {};
  for (const folder of folders) {
    const paths = readdirSync(join(lib, folder), { recursive: true })
      .map((path) => `${folder}/${String(path).replaceAll("\\", "/")}`)
      .filter((path) => path.endsWith(".ts")).sort();
    for (const path of paths) {
      const declared = readFileSync(join(lib, path), "utf8")
        .match(/^export const VERSION = (\d+);$/m);
      if (declared !== null) versions[path] = Number(declared[1]);
    }
  }
  return versions;
}
