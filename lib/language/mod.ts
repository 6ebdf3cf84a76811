/**
 * Codes as sentences: words and masks, tokenizers, sequences side by side, Markov chains.
 *
 * @module
 */

export { fillExample, generateExample, toSentence } from "./sentences.ts";
export { randomPlaces } from "./masking.ts";
export {
  findT5Tokenizer,
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "./tokenizer.ts";
export {
  chainLikelihood,
  type CodeSequences,
  codeUses,
  sequenceCount,
  sequenceRows,
} from "./code_sequences.ts";
export { MarkovChain } from "./markov.ts";
