/**
 * Every format that the project reads. A further one is an entry in one of the lists.
 *
 * @module
 */

import { ACCURACY_TARGETS } from "./accuracy_targets.ts";
import { DOOR_TARGETS } from "./door_targets.ts";
import { EXCHANGE_TARGETS } from "./exchange_targets.ts";
import { MODEL_TARGETS } from "./model_targets.ts";
import { RESULT_TARGETS } from "./result_targets.ts";
import type { Target } from "./target.ts";

/** In the order in which they are tried. */
export const TARGETS: readonly Target[] = [
  ...MODEL_TARGETS,
  ...ACCURACY_TARGETS,
  ...EXCHANGE_TARGETS,
  ...RESULT_TARGETS,
  ...DOOR_TARGETS,
];
