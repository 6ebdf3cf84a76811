/** A worker that multiplies numbers, and says how many it was given by then. */
import { takeJobs } from "../../lib/core/workers.ts";

takeJobs((factor: number) => {
  if (factor === 0) throw new RangeError(`Cannot multiply by ${factor}`);
  let taken = 0;
  return async (number: number, onProgress) => {
    taken++;
    if (number < 0) throw new RangeError(`Cannot double ${number}`);
    onProgress({ done: 1, total: 2, message: `doubling ${number}` });
    await new Promise((resolve) => setTimeout(resolve, number));
    return { doubled: factor * number, taken };
  };
});
