/**
 * Where the project lies on this machine.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds `deno.json`, absolute, without a slash at the end. */
export const PROJECT_ROOT: string = resolve(
  fileURLToPath(new URL("../../", import.meta.url)),
);

/** The project's own folder of downloads and caches. */
export const DATA_FOLDER: string = join(PROJECT_ROOT, "data");
