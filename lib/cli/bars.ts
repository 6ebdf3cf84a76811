/**
 * Progress bars of what reads or downloads accuracies.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import {
  type ProgressBar,
  progressBar,
  type ProgressOutput,
} from "../report/progress.ts";
import { CELLS_MESSAGE } from "../spaces/accuracies.ts";

/**
 * Shows a bar for each count that an action reports; bytes in megabytes.
 *
 * @param output Where; by default the terminal.
 */
export async function withBars<T>(
  output: ProgressOutput | undefined,
  action: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  let bar: ProgressBar | undefined, shown: string | undefined;
  try {
    return await action(({ done, total, message }) => {
      const unit = message === CELLS_MESSAGE ? 1 : 1e6;
      if (message !== shown) {
        bar?.finish();
        bar = progressBar({
          label: unit === 1 ? message : `${message}, MB`,
          total: total / unit,
          start: done / unit,
          output,
        });
        shown = message;
      }
      bar!.update(done / unit);
    });
  } finally {
    await bar?.finish();
  }
}
