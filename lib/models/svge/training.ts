/**
 * Trains SVGe and DGMG.
 *
 * Source: as `network.ts`; `main.py` of its code.
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";
import {
  type GraphTraining,
  type GraphTrainingOptions,
  type TrainedGraphAutoencoder,
  trainGraphAutoencoder,
} from "../graph_autoencoder_training.ts";
import type { SvgeConfig } from "./config.ts";
import { graphTensors } from "./graphs.ts";
import { initialSvgeWeights, svgeLoss } from "./network.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** A trained model. */
export type TrainedSvge = TrainedGraphAutoencoder<SvgeConfig>;

/** Trains a model on training cells of a space. */
export function trainSvge(
  space: SearchSpace,
  config: SvgeConfig,
  training: GraphTraining,
  options: GraphTrainingOptions,
): Promise<TrainedSvge> {
  return trainGraphAutoencoder(
    space,
    {
      name: config.kind,
      version: VERSION,
      config,
      latentDim: config.latentDim,
      initialWeights: (random) => initialSvgeWeights(config, random),
      inputs: (cells) => graphTensors(space, space.cells(), cells),
      loss: (tensors, inputs) => svgeLoss(config, tensors, inputs),
    },
    training,
    options,
  );
}
