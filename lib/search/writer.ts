/**
 * A language model as a source of cells for a search: the "generate:" prompt writes new
 * ones, the "fill:" prompt with random masks variants of given ones.
 *
 * @module
 */

import { decodeParsed } from "../generation/cell_decoding.ts";
import type { WritingModel } from "../generation/cell_model.ts";
import { fillSequences, writeSequences } from "../generation/code_writing.ts";
import { randomPlaces } from "../language/masking.ts";
import { maskCodes, type ParsedSentence } from "../language/sentences.ts";
import { type Cell, cellOf } from "../spaces/cell.ts";
import type { CellWriter } from "./cell_writer.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 2;

/**
 * A trained model as a writer.
 *
 * @param temperature Divides the logits.
 */
export function modelWriter(
  model: WritingModel,
  { temperature }: { temperature: number },
): CellWriter {
  const { space, vqvae } = model;
  const { nodes } = vqvae.config;
  // What was written several times is looked up once.
  const cellsOf = async (
    written: readonly ParsedSentence[],
  ): Promise<(Cell | null)[]> => {
    const parsed = new Map(written.map((one) => [`${one.codes}`, one]));
    const samples = await decodeParsed(model, [...parsed.values()]);
    const cells = new Map(
      [...parsed.keys()].map((codes, i) => {
        const sample = samples[i];
        return [
          codes,
          typeof sample === "string" ? null : cellOf(space, sample),
        ];
      }),
    );
    return written.map(({ codes }) => cells.get(`${codes}`) ?? null);
  };
  return {
    async generate(count, random) {
      const cells = await cellsOf(
        await writeSequences(model, count, { temperature, random }),
      );
      return cells.filter((cell) => cell !== null);
    },
    async fill(cells, random, most = nodes) {
      if (cells.length === 0) return [];
      const { codes } = await vqvae.encodeGraphs(
        space,
        cells.map(({ graph }) => graph),
      );
      const masked = cells.map((_, i) =>
        maskCodes(
          codes.subarray(i * nodes, (i + 1) * nodes),
          randomPlaces(nodes, random, most),
        )
      );
      return await cellsOf(
        await fillSequences(model, masked, { temperature, random }),
      );
    },
  };
}
