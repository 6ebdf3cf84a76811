/**
 * What notebook 2 shows of trained VQ-VAEs: how codebooks are used, what comes back, and
 * what cannot.
 *
 * Source: the paper, §3.1, §4.2.
 *
 * @module
 */

import { type CodeSequences, codeUses } from "../language/code_sequences.ts";
import { usagePerplexity, usedCodes } from "../metrics/codebook_usage.ts";
import {
  type ByCode,
  CODE_METHODS,
  type CodeKind,
  CODES,
} from "../models/vqvae/config.ts";
import type { ReconstructionRow } from "../models/vqvae/reconstruction.ts";
import type { TwinCell } from "../models/vqvae/twins.ts";
import type { RoundTrip } from "../models/vqvae/vqvae.ts";
import { publishedRows } from "../paper/generation_tables.ts";
import { drawCells } from "../spaces/draw.ts";
import { cellGraph, type SearchSpace } from "../spaces/space.ts";
import type { Figure, Svg } from "./figure.ts";
import { codebookUsage } from "./figures.ts";
import { type ReportTable, table } from "./tables.ts";

/** How the codebook of a code is used over sequences. */
export function codebookUsageFigure(
  space: SearchSpace,
  code: CodeKind,
  sequences: CodeSequences,
): Figure {
  return codebookUsage(codeUses(sequences), {
    title: `Codebook usage, ${CODE_METHODS[code]}, ${space.title}`,
  });
}

/** What comes back of each split under each code. */
export function reconstructionTable(
  space: SearchSpace,
  rows: readonly ReconstructionRow[],
): ReportTable {
  return table(rows, {
    columns: [
      "code",
      "split",
      "cells",
      { key: "ops", title: "operations (%)" },
      { key: "edges", title: "edges (%)" },
      { key: "elementwise", title: "published reading (%)" },
      { key: "wholeGraph", title: "strict reading (%)" },
      { key: "usedCodes", title: "codes used" },
      { key: "perplexity", digits: 0 },
    ],
    caption: `Reconstruction, ${space.title}`,
    notes: [
      "Codes used and perplexity: what the trained model writes all training cells with.",
    ],
  });
}

/**
 * How many cells the paper's code cannot bring back, in a sentence.
 *
 * @param cells How many were looked at.
 */
export function twinsText(twins: readonly TwinCell[], cells: number): string {
  const number = (value: number) => value.toLocaleString("en");
  const share = 100 * twins.length / cells;
  return `${number(twins.length)} of ${number(cells)} validation cells (${
    share.toFixed(2)
  } %) have twins: Arch-LLM can bring back at most ${
    (100 - share).toFixed(2)
  } %.`;
}

/** A cell, with its twins where it has some, and what each code makes of it. */
export async function twinsDrawing(
  space: SearchSpace,
  { cell, nodes }: Pick<TwinCell, "cell"> & Partial<TwinCell>,
  decoded: ByCode<RoundTrip>,
): Promise<Svg> {
  const versions = [
    {
      title: nodes === undefined
        ? "a validation cell"
        : `nodes ${nodes.join(" and ")} are twins`,
      graph: cellGraph(space.cells(), cell),
    },
    ...CODES.map((code) => ({
      title: `${CODE_METHODS[code]}: ${decoded[code].codes.join(" ")}`,
      graph: decoded[code].graph,
    })),
  ];
  return {
    svg: await drawCells(space, versions.map(({ graph }) => graph), {
      columns: versions.length,
      titles: versions.map(({ title }) => title),
    }),
    caption: "A validation cell, and what its codes decode to.",
  };
}

/**
 * What each code brings back of the validation cells and how many codes that takes, and what
 * the paper reports, as a Markdown list.
 *
 * @param sequences Of the training cells.
 */
export function reconstructionFound(
  space: SearchSpace,
  rows: readonly ReconstructionRow[],
  sequences: ByCode<CodeSequences>,
): string {
  const lines = CODES.map((code) => {
    const method = CODE_METHODS[code];
    const row = rows.find((row) =>
      row.code === method && row.split === "validation"
    )!;
    const uses = codeUses(sequences[code]);
    return `**${method}**: ${
      row.wholeGraph.toFixed(2)
    } % of the validation cells come back whole, ${
      row.elementwise.toFixed(2)
    } % by element. The training cells are written with ${
      usedCodes(uses)
    } of ${uses.length} codes, of perplexity ${
      usagePerplexity(uses).toFixed(0)
    }.`;
  });
  const published = publishedRows(space.name)
    .find(({ method }) => method.startsWith(CODE_METHODS["arch-llm"]));
  if (published !== undefined) {
    lines.push(
      `**The paper** reports ${
        published.reconstruction.toFixed(2)
      } %, to be read by element.`,
    );
  }
  return lines.map((line) => `- ${line}`).join("\n");
}
