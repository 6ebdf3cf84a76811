/**
 * How likely a T5 takes code sequences to be, beside Markov chains.
 *
 * @module
 */

import type { Executor } from "../../engine/executor.ts";
import {
  chainLikelihood,
  type CodeSequences,
  sequenceCount,
  type SequenceLikelihood,
  sequenceRows,
} from "../../language/code_sequences.ts";
import { CodeTokens } from "../../language/code_tokens.ts";
import { MarkovChain } from "../../language/markov.ts";
import type { SentenceTokenizer } from "../../language/tokenizer.ts";
import { exampleTensors } from "./batches.ts";
import type { T5Model } from "./config.ts";
import { labelLoss } from "./network.ts";

/** Sequences scored at a time. */
const BATCH = 512;

/** Scores sequences, end token included, under the "generate:" prompt. */
export async function sequenceLikelihood(
  sequences: CodeSequences,
  { config, weights }: T5Model,
  { executor, tokenizer }: { executor: Executor; tokenizer: SentenceTokenizer },
): Promise<SequenceLikelihood> {
  const tokens = new CodeTokens(tokenizer, sequences);
  await using owned = new AsyncDisposableStack();
  const score = executor.compile(
    (state, inputs) => ({
      outputs: { each: labelLoss({ config, state }, inputs, "generate").each },
    }),
    { name: "t5 scores" },
  );
  owned.defer(() => score.dispose());
  const state = executor.state(weights);
  owned.defer(() => state.dispose());
  const count = sequenceCount(sequences);
  const sums = new Array<number>(tokens.lengths.generate.target).fill(0);
  for (let start = 0; start < count; start += BATCH) {
    const rows = Array.from(
      { length: Math.min(BATCH, count - start) },
      (_, i) => start + i,
    );
    const examples = tokens.generateExamples(sequenceRows(sequences, rows));
    const { each } = await score.run(
      state,
      exampleTensors(config, examples, "generate"),
    );
    each.data.forEach((nats, i) => sums[i % sums.length] += nats);
  }
  const perPosition = sums.map((sum) => sum / count);
  return {
    perSequence: perPosition.reduce((sum, nats) => sum + nats, 0),
    perPosition,
  };
}

/** A model's name and its likelihood of sequences. */
export interface NamedLikelihood extends SequenceLikelihood {
  readonly model: string;
}

/** The name of the T5 among models that are compared. */
export const T5_NAME = "T5";

/**
 * Scores the validation sequences with Markov chains of orders 1 to 3, then with a T5.
 *
 * @param sequences `fitting`: those that the T5 has learned from; the chains learn from the
 *   same.
 */
export async function compareLikelihoods(
  { fitting, validation }: {
    fitting: CodeSequences;
    validation: CodeSequences;
  },
  model: T5Model,
  options: { executor: Executor; tokenizer: SentenceTokenizer },
): Promise<NamedLikelihood[]> {
  const chains = [1, 2, 3].map((order) => ({
    model: `Markov chain, order ${order}`,
    ...chainLikelihood(
      MarkovChain.fit(fitting.codes, { ...fitting, order }),
      validation,
    ),
  }));
  const t5 = await sequenceLikelihood(validation, model, options);
  return [...chains, { model: T5_NAME, ...t5 }];
}
