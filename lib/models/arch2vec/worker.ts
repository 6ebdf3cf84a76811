/**
 * A worker that trains one arch2vec on one thread; see `parallel.ts`.
 *
 * @module
 */

import { onnxExecutor } from "../../engine/onnx_executor.ts";
import { getSpace } from "../../spaces/registry.ts";
import type { Arch2vecJob, Arch2vecNews } from "./parallel.ts";
import { trainArch2vec } from "./training.ts";

/** What a worker's global scope has of use here; the type checker takes it for a window. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Arch2vecJob>) => void;
  postMessage(message: Arch2vecNews): void;
};

scope.onmessage = async ({ data: job }) => {
  try {
    const space = getSpace(job.space);
    await space.prepare();
    const trained = await trainArch2vec(space, job.config, job.training, {
      executor: onnxExecutor({ provider: "cpu", threads: 1 }),
      checkpoint: job.checkpoint,
      limit: job.limit,
      onProgress: (progress) => scope.postMessage({ progress }),
    });
    scope.postMessage({ trained });
  } catch (error) {
    scope.postMessage({ error: (error as Error).message });
  }
};
