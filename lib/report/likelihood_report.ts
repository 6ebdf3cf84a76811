/**
 * What notebook 4 shows of trained language models: how likely they take code sequences of
 * validation cells to be, beside Markov chains and a bound.
 *
 * Source: the paper, §3.2.
 *
 * @module
 */

import { type NamedLikelihood, T5_NAME } from "../models/t5/likelihood.ts";
import {
  type ByCode,
  CODE_METHODS,
  type CodeKind,
  CODES,
} from "../models/vqvae/config.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";
import type { Figure } from "./figure.ts";
import { perplexityByPosition } from "./figures.ts";
import { type ReportTable, table } from "./tables.ts";

/** Perplexity of each model at each position of a cell's sequence, `[N]`. */
function _perplexities(
  space: SearchSpace,
  { perPosition }: NamedLikelihood,
): number[] {
  return perPosition.slice(0, space.nodeCount).map(Math.exp);
}

/**
 * −log p, in nats, of a cell under a model that gives all cells of a space the same
 * probability and nothing to anything else; null where the cells are not listed, and a cell can
 * be written in more than one order.
 */
function _bound(space: SearchSpace): number | null {
  return isEnumerated(space) ? Math.log(space.cells().count) : null;
}

/** Perplexity by position under a code, by model. */
export function perplexityFigure(
  space: SearchSpace,
  code: CodeKind,
  compared: readonly NamedLikelihood[],
): Figure {
  return perplexityByPosition(
    compared.map((likelihood) => ({
      name: likelihood.model,
      values: _perplexities(space, likelihood),
    })),
    {
      title: `Perplexity by position, ${CODE_METHODS[code]}, validation cells`,
    },
  );
}

/** All models of both codes, and the bound. */
export function likelihoodTable(
  space: SearchSpace,
  compared: ByCode<readonly NamedLikelihood[]>,
): ReportTable {
  const positions = Array.from(
    { length: space.nodeCount },
    (_, position) => `position ${position}`,
  );
  const rows = CODES.flatMap((code) =>
    compared[code].map((likelihood) => {
      const perplexities = _perplexities(space, likelihood);
      return {
        code: CODE_METHODS[code],
        model: likelihood.model,
        perSequence: likelihood.perSequence,
        ...Object.fromEntries(
          positions.map((position, i) => [position, perplexities[i]]),
        ),
      };
    })
  );
  const perSequence = _bound(space);
  const model = "uniform over all cells of the space";
  const bound = perSequence === null
    ? []
    : [{ code: "any", model, perSequence }];
  return table([...rows, ...bound], {
    columns: [
      "code",
      "model",
      { key: "perSequence", title: "−log p of a validation cell (nats)" },
      ...positions.map((key) => ({ key, digits: 2 })),
    ],
    caption:
      `Whole sequences (end token included where the model has one), and perplexity by position, ${space.title}`,
  });
}

/** How far the T5 of each code is from the bound and from the chains, as a Markdown list. */
export function likelihoodFound(
  space: SearchSpace,
  compared: ByCode<readonly NamedLikelihood[]>,
): string {
  const bound = _bound(space);
  return CODES.map((code) => {
    const t5 = compared[code].find(({ model }) => model === T5_NAME)!;
    const chains = compared[code].filter(({ model }) => model !== T5_NAME);
    const best = chains.reduce((a, b) => b.perSequence < a.perSequence ? b : a);
    // As the table shows them: what rounds to the same is no lead.
    const [own, ...others] = [t5, ...chains].map((likelihood) =>
      _perplexities(space, likelihood).map((value) => value.toFixed(2))
    );
    const behind = Array.from(own.keys()).filter((position) =>
      others.some((other) => Number(other[position]) < Number(own[position]))
    );
    return `- **${CODE_METHODS[code]}**: the T5 needs ${
      t5.perSequence.toFixed(2)
    } nats for a validation cell${
      bound === null
        ? ""
        : `, ${(t5.perSequence - bound).toFixed(2)} more than the bound of ${
          bound.toFixed(2)
        }`
    }; the best chain (${best.model.replace("Markov chain, ", "")}) needs ${
      best.perSequence.toFixed(2)
    }. ${
      behind.length === 0
        ? "No chain has a lower perplexity than the T5 at any position."
        : `A chain has a lower perplexity than the T5 at position${
          behind.length === 1 ? "" : "s"
        } ${behind.join(", ")}.`
    }`;
  }).join("\n");
}
