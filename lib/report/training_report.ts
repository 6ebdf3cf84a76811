/**
 * How models are trained, as notebooks 2 and 4 show it: settings, time, losses.
 *
 * Source: the paper, §3.1.4, §3.2.
 *
 * @module
 */

import {
  type CodeSequences,
  sequenceCount,
} from "../language/code_sequences.ts";
import type { T5Base } from "../models/t5/base.ts";
import { t5ParameterCount } from "../models/t5/config.ts";
import type { T5Epoch, T5Training } from "../models/t5/training.ts";
import {
  type ByCode,
  CODE_METHODS,
  type CodeKind,
  CODES,
  type VqvaeConfig,
} from "../models/vqvae/config.ts";
import type { VqvaeEpoch, VqvaeTraining } from "../models/vqvae/training.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { Figure } from "./figure.ts";
import { lossCurves } from "./figures.ts";
import { type ReportTable, table } from "./tables.ts";

/** What a training leaves beside weights. */
interface Trained<Epoch> {
  readonly history: readonly Epoch[];
}

/** The settings of both VQ-VAEs and of their training, side by side. */
export function vqvaeSettingsTable(
  configs: ByCode<VqvaeConfig>,
  training: VqvaeTraining,
): ReportTable {
  const settings = (code: CodeKind) => {
    const { code: _, ...shape } = configs[code];
    return Object.entries({ ...shape, ...training });
  };
  const columns = CODES.map((code) => new Map(settings(code)));
  return table(
    Array.from(columns[0].keys(), (setting) => ({
      setting,
      ...Object.fromEntries(CODES.map((code, i) => [
        CODE_METHODS[code],
        String(columns[i].get(setting)),
      ])),
    })),
    { caption: "Settings; their origins stand beside them in lib/" },
  );
}

/**
 * The settings of a T5 and of its training, the same for both codes.
 *
 * @param fitting What it learns from.
 */
export function t5SettingsTable(
  { config, description }: T5Base,
  training: T5Training,
  fitting: CodeSequences,
): ReportTable {
  return table(
    Object.entries({
      parameters: t5ParameterCount(config),
      "sequences learned from": sequenceCount(fitting),
      ...config,
      ...training,
    }).map(([setting, value]) => ({ setting, value: String(value) })),
    { caption: "Settings, the same for both codes", notes: [description] },
  );
}

/**
 * How long the model of each code was trained.
 *
 * @param options `cells`: training cells of an epoch; `device`: where.
 */
export function trainingTimeTable(
  trained: ByCode<Trained<{ readonly seconds: number }>>,
  { cells, device }: { readonly cells: number; readonly device: string },
): ReportTable {
  return table(
    CODES.map((code) => {
      const seconds = trained[code].history.map((epoch) => epoch.seconds);
      return {
        code: CODE_METHODS[code],
        epochs: seconds.length,
        median: seconds.toSorted((a, b) => a - b)[seconds.length >> 1],
        total: seconds.reduce((sum, time) => sum + time, 0),
        cells,
      };
    }),
    {
      columns: [
        "code",
        { key: "cells", title: "cells an epoch" },
        "epochs",
        { key: "median", title: "median epoch (s)", digits: 1 },
        { key: "total", title: "in all (s)", digits: 0 },
      ],
      caption:
        `Time of training, the look at held-back cells after each epoch included, on ${device}`,
    },
  );
}

/** The terms of eq. 6 by epoch, for both codes. */
export function vqvaeLossFigure(
  space: SearchSpace,
  trained: ByCode<Trained<VqvaeEpoch>>,
): Figure {
  const curves = CODES.flatMap((code) => {
    const { history } = trained[code];
    const steps = history.map(({ epoch }) => epoch);
    const method = CODE_METHODS[code];
    return [
      {
        name: `${method}: reconstruction`,
        steps,
        values: history.map((epoch) => epoch.reconstruction),
      },
      {
        name: `${method}: quantization terms`,
        steps,
        values: history.map((epoch) => epoch.quantization),
      },
    ];
  });
  return lossCurves(curves, {
    title: `VQ-VAE training loss (eq. 6), ${space.title}`,
    x: "epoch",
    y: "loss (nats per cell)",
    logY: true,
    caption: "Quantization terms: codebook + β · commitment.",
  });
}

/** The losses of the T5 of a code by epoch: both prompts, cells learned from and tuning cells. */
export function t5LossFigure(
  space: SearchSpace,
  code: CodeKind,
  { history }: Trained<T5Epoch>,
): Figure {
  const curve = (name: string, loss: (epoch: T5Epoch) => number) => ({
    name,
    steps: history.map(({ epoch }) => epoch),
    values: history.map(loss),
  });
  return lossCurves([
    curve("generate, training", (epoch) => epoch.generateLoss),
    curve("generate, tuning", (epoch) => epoch.tuningGenerateLoss),
    curve("fill, training", (epoch) => epoch.fillLoss),
    curve("fill, tuning", (epoch) => epoch.tuningFillLoss),
  ], {
    title: `T5 loss by prompt, ${CODE_METHODS[code]}, ${space.title}`,
    x: "epoch",
    y: "loss (nats per token)",
    caption:
      "Training losses are means over an epoch, during which the model still improves.",
  });
}
