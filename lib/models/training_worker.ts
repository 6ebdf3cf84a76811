/**
 * A worker that trains a model; see `side_by_side.ts`.
 *
 * @module
 */

import { takeJobs } from "../core/workers.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { getSpace } from "../spaces/registry.ts";
import { trainArch2vec } from "./arch2vec/training.ts";
import type { TrainingJob, TrainingPlace } from "./side_by_side.ts";
import { openT5Base, trainT5To } from "./t5/base.ts";
import { trainVqvaeTo } from "./vqvae/training.ts";

takeJobs(async ({ space: name, threads }: TrainingPlace) => {
  const space = getSpace(name);
  await space.prepare();
  const executor = onnxExecutor({ provider: "cpu", threads });
  return async (job: TrainingJob, onProgress) => {
    const options = { executor, onProgress };
    if (job.model === "arch2vec") {
      const { config, training, checkpoint } = job.run;
      const { limit } = job;
      return await trainArch2vec(space, config, training, {
        ...options,
        checkpoint,
        limit,
      });
    }
    if (job.model === "vqvae") {
      const { directory, config, training } = job.run;
      return await trainVqvaeTo(directory, space, config, training, options);
    }
    const { directory, sequences, training } = job.run;
    const base = await openT5Base(null, space, sequences.fitting, {
      scratch: directory,
    });
    return await trainT5To(directory, sequences, base, training, options);
  };
});
