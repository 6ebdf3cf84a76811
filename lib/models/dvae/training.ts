/**
 * Trains D-VAE.
 *
 * Source: as `network.ts`; `train.py` of its code.
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";
import { batchTensors } from "../batch_tensors.ts";
import {
  type GraphTraining,
  type GraphTrainingOptions,
  type TrainedGraphAutoencoder,
  trainGraphAutoencoder,
} from "../graph_autoencoder_training.ts";
import type { DvaeConfig } from "./config.ts";
import { dvaeLoss, initialDvaeWeights, isTrained } from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** A trained model. */
export type TrainedDvae = TrainedGraphAutoencoder<DvaeConfig>;

/** Trains a model on training cells of a space. */
export function trainDvae(
  space: SearchSpace,
  config: DvaeConfig,
  training: GraphTraining,
  options: GraphTrainingOptions,
): Promise<TrainedDvae> {
  return trainGraphAutoencoder(
    space,
    {
      name: "dvae",
      version: VERSION,
      config,
      latentDim: config.latentDim,
      initialWeights: (random) => initialDvaeWeights(config, random),
      isTrained,
      inputs: (cells) => batchTensors(space, space.cells(), cells),
      loss: (tensors, inputs) => dvaeLoss(config, tensors, inputs),
    },
    training,
    options,
  );
}
