/**
 * What the rows of tables say, in sentences: under the notebooks' "Found", and on the page of
 * results.
 *
 * Rows are taken as they are saved, so that a sentence says the same of a run that has just
 * ended and of one of record.
 *
 * @module
 */

import type { CodeMeaning } from "../analysis/code_usage.ts";
import type { NovelCodes } from "../analysis/novel_codes.ts";
import { AIMS } from "../generation/aimed_sampling.ts";
import { MOST_DIFFERENT_CELLS } from "../generation/sampling_sweep.ts";
import { CODE_METHODS, CODES } from "../models/vqvae/config.ts";
import { algorithm1Start, ARCH_LLM_SEARCH } from "../search/compared.ts";
import type { Row } from "./tables.ts";

/** Sentences as a list in Markdown. */
export function bulletList(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join("\n");
}

/** What the rows of Table 1 or 2 say. */
export function generationProse(rows: readonly Row[]): string[] {
  const measured = rows.filter(({ source }) => source === "measured");
  const of = (start: string, mode: string) =>
    measured.filter((row) =>
      row.mode === mode && String(row.method).startsWith(start)
    );
  const paper = CODE_METHODS["arch-llm"];
  const besidePaper = rows.flatMap((row) => {
    const { source, method, temperature } = row;
    if (source !== "paper" || !String(method).startsWith(paper)) return [];
    const own = of(`${paper} t=`, "paper")
      .find((row) => row.temperature === temperature);
    return own === undefined ? [] : [
      `At t = ${temperature} the paper reports ${
        _percent(row.validity)
      } % valid, ${
        _percent(row.absoluteUniqueness)
      } % absolute uniqueness and ${
        _percent(row.absoluteNovelty)
      } % absolute novelty; its code run here has ${_percent(own.validity)}, ${
        _percent(own.absoluteUniqueness)
      } and ${_percent(own.absoluteNovelty)} in the published reading.`,
    ];
  });
  const names = CODES.map((code) => CODE_METHODS[code]);
  const strict = names.flatMap((name) =>
    of(`${name} t=`, "strict").filter(_mostDifferent).map((row) =>
      `Counted strictly, ${
        _percent(row.validity)
      } % of ${name}'s samples at t = ${row.temperature} are cells of the space as they stand, ${
        _percent(row.absoluteUniqueness)
      } % valid and different, ${
        _percent(row.absoluteNovelty)
      } % novel; the temperature was chosen on other samples.`
    )
  );
  const arch2vec = of("arch2vec, ", "strict");
  const rivals = [...Map.groupBy(arch2vec, ({ method }) => String(method))]
    .map(([name, own]) =>
      `${_percent(_mean(own, "validity"))} % of ${name}${
        own.length === 1 ? "" : ` (the mean of ${own.length} seeds)`
      }`
    );
  return [
    ...besidePaper,
    ...strict,
    ...(rivals.length === 0 ? [] : [
      `Of rivals' samples, cells of the space as they stand are ${
        rivals.join(" and ")
      }.`,
    ]),
  ];
}

/** Whether a row's temperature was chosen for the most different cells. */
function _mostDifferent({ chosenFor }: Row): boolean {
  return String(chosenFor).split("; ").includes(MOST_DIFFERENT_CELLS);
}

/** What trainings with several seeds say; nothing where there is one. */
export function seedsProse(rows: readonly Row[]): string[] {
  return rows.filter((row) =>
    Number(row.trainings) > 1 && row.mode === "strict" && _mostDifferent(row)
  ).map((row) => {
    const spread = (metric: string) =>
      `${_percent(row[metric])} ± ${_percent(row[`${metric}Deviation`])} %`;
    return `Over ${row.trainings} trainings (seeds ${row.seeds}), each at the temperature chosen for it, ${row.method} has, counted strictly, a validity of ${
      spread("validity")
    }, an absolute uniqueness of ${
      spread("absoluteUniqueness")
    } and an absolute novelty of ${spread("absoluteNovelty")}.`;
  });
}

/** What sampling with an aim says, beside independent draws, by sentences drawn. */
export function beyondProse(rows: readonly Row[]): string[] {
  return CODES.map((code) => CODE_METHODS[code]).flatMap((name) => {
    const figures = (row: Row) =>
      `${_percent(row.validPer100)} valid, ${
        _percent(row.uniquePer100)
      } different and ${_percent(row.novelPer100)} novel cells`;
    const independent = rows.find(({ method }) =>
      String(method).startsWith(`${name} t=`)
    );
    if (independent === undefined) return [];
    const aimed = AIMS.flatMap((aim) =>
      rows.filter(({ method }) => String(method).startsWith(`${name}, ${aim},`))
        .map((row) =>
          `${aim} ${figures(row)} (${_count(row.samples)} of ${
            _count(row.draws)
          })`
        )
    );
    return [
      `Of 100 sentences that ${name} draws independently come ${
        figures(independent)
      }${aimed.length === 0 ? "" : `; with an aim, ${aimed.join("; ")}`}.`,
    ];
  });
}

/**
 * What the rows of Table 3 or 4 say, by data set.
 *
 * The Arch-LLM+ search is compared at the first number of queries that it is listed at,
 * each form of Algorithm 1 with the paper's figures at the last.
 *
 * @param titles Data sets by the names that people know; the others are called as in the rows.
 */
export function searchProse(
  rows: readonly Row[],
  titles: readonly { readonly dataset: string; readonly title: string }[] = [],
): string[] {
  const datasets = [
    ...new Set(
      rows.flatMap((row) =>
        Object.keys(row).flatMap((key) =>
          key.endsWith(" optimum found") ? [key.slice(0, -14)] : []
        )
      ),
    ),
  ];
  const measured = rows.filter(({ source }) => source !== "paper");
  const own = measured.find(({ method }) => method === ARCH_LLM_SEARCH);
  if (own === undefined) return [];
  const others = measured.filter((row) =>
    row !== own && row.queries === own.queries
  );
  const agNet = rows.find(({ method }) => method === "AG-Net*");
  const paper = rows.find(({ source, method }) =>
    source === "paper" && method === CODE_METHODS["arch-llm"]
  );
  const algorithm1 = [
    ...new Map(
      measured.filter(({ method }) =>
        String(method).startsWith(algorithm1Start("arch-llm"))
      ).map((row) => [row.method, row]),
    ).values(),
  ];
  return datasets.map((dataset) => {
    const pair = (row: Row) =>
      `${_percent(row[`${dataset} validation`])} / ${
        _percent(row[`${dataset} test`])
      }`;
    const found = (row: Row) =>
      `${row[`${dataset} optimum found`]} of ${row[`${dataset} trials`]}`;
    const title = titles.find((each) => each.dataset === dataset)?.title ??
      dataset;
    const parts = [
      `${title}, validation / test accuracy: with ${own.queries} queries the ${ARCH_LLM_SEARCH} returns ${
        pair(own)
      } and the best cell there is in ${found(own)} trials`,
    ];
    if (others.length > 0) {
      const best = _best(others, `${dataset} validation`);
      parts.push(
        `the best other method run here, ${best.method}, ${pair(best)} and ${
          found(best)
        }`,
      );
    }
    if (agNet !== undefined) {
      parts.push(
        `AG-Net's published row (${agNet.queries} queries, on all cells of the space) is ${
          pair(agNet)
        }`,
      );
    }
    const besidePaper = algorithm1.map((row) => {
      const off = (accuracy: string) =>
        _signed(
          Number(row[`${dataset} ${accuracy}`]) -
            Number(paper?.[`${dataset} ${accuracy}`]),
        );
      return `${row.method}, returns ${pair(row)} after ${row.queries} queries${
        paper === undefined
          ? ""
          : `, ${off("validation")} / ${off("test")} from the paper's ${
            pair(paper)
          } after ${paper.queries}`
      }.`;
    });
    return [`${parts.join("; ")}.`, ...besidePaper].join(" ");
  });
}

/** What the paper's tables call a method that is run here under another name. */
const PRINTED_AS: Readonly<Record<string, string>> = {
  // AG-Net's tables, which the row is from, cite Snoek et al. 2015 for it.
  "bo(dngo)": "bo",
};

/** How far each search of another paper is from what was printed of it, a sentence a method. */
export function rivalProse(rows: readonly Row[]): string[] {
  const plain = (method: unknown) => {
    const name = String(method).toLowerCase().replace(/[^a-z0-9()]/g, "");
    return PRINTED_AS[name] ?? name;
  };
  const [printed, measured] = [true, false].map((paper) =>
    rows.filter(({ source }) => (source === "paper") === paper)
  );
  return printed.flatMap((row) => {
    const own = measured.filter(({ method }) =>
      plain(method) === plain(row.method)
    );
    if (own.length === 0) return [];
    const distance = ({ queries }: Row) =>
      Math.abs(Number(queries) - Number(row.queries));
    const nearest = own.reduce((a, b) => distance(b) < distance(a) ? b : a);
    const parts = Object.keys(row)
      .filter((key) => key.endsWith(" validation") && row[key] !== null)
      .map((key) => {
        const dataset = key.slice(0, -" validation".length);
        const keys = [key, `${dataset} test`];
        const off = keys.map((key) =>
          _signed(Number(nearest[key]) - Number(row[key]))
        );
        return `${dataset} ${
          keys.map((key) => _percent(row[key])).join(" / ")
        } and ${keys.map((key) => _percent(nearest[key])).join(" / ")} (${
          off.join(" / ")
        })`;
      });
    return parts.length === 0 ? [] : [
      `${nearest.method}, validation / test accuracy as printed (${row.queries} queries) and run here (${nearest.queries}): ${
        parts.join("; ")
      }.`,
    ];
  });
}

/** What the paired differences say of the language model, by data set and number of queries. */
export function differenceProse(rows: readonly Row[]): string[] {
  return rows.filter(({ method }) => method === ARCH_LLM_SEARCH).map((row) => {
    const { dataset, queries, trials, better, worse } = row;
    const [difference, error, p] = [row.difference, row.error, row.p]
      .map(Number);
    return `${dataset}, after ${queries} queries: the ${ARCH_LLM_SEARCH} differs by ${
      _signed(difference, 3)
    } ± ${
      error.toFixed(3)
    } points of validation accuracy from the same search with random rewrites in the place of the language model (better in ${better} and worse in ${worse} of ${trials} trials, sign test p = ${
      p.toFixed(4)
    }), ${
      p < 0.05
        ? "a difference at the level of 5 %"
        : "no difference at the level of 5 %"
    }.`;
  });
}

/** What the permutation test says. */
export function permutationProse(rows: readonly Row[]): string[] {
  return rows.map(({ code, method, sequences, duplicated }) =>
    `${method ?? code}: ${duplicated} of ${
      _count(sequences)
    } sequences have a permutation that is the same cell.`
  );
}

/** How far the codes of novel cells are from those of training cells. */
export function divergenceProse(codes: readonly NovelCodes[]): string[] {
  return codes.map(({ method, divergence, control }) =>
    `${method}: the codes of novel cells diverge from those of training cells by ${
      Math.max(...divergence).toFixed(3)
    } bits at most, those of as many training cells by ${
      Math.max(...control).toFixed(3)
    }.`
  );
}

/** How well a code tells the operation of its node. */
export function meaningProse(
  method: string,
  meanings: readonly CodeMeaning[],
): string {
  return `${method}: ${meanings.length} codes are in use, and a node's code tells its operation in ${
    purityOf(meanings).toFixed(2)
  } % of all cases.`;
}

/** In how many of all cases a code tells the operation of its node, percent. */
export function purityOf(meanings: readonly CodeMeaning[]): number {
  return meanings.reduce((sum, { share, purity }) => sum + share * purity, 0) /
    100;
}

/** How representations order cells, from the fewest labels and from the most, best first. */
export function predictorProse(rows: readonly Row[]): string[] {
  const labels = Object.keys(rows[0] ?? {}).filter((key) => /^\d+$/.test(key))
    .map(Number).sort((a, b) => a - b);
  const ends = new Set([labels[0], labels.at(-1)]);
  return [...ends].flatMap((count) => {
    if (count === undefined) return [];
    const tau = (row: Row) => Number(row[count]);
    const named = rows.toSorted((a, b) => tau(b) - tau(a))
      .map((row) => `${row.representation} ${tau(row).toFixed(3)}`);
    return [
      `Kendall's τ from ${_count(count)} labelled cells: ${named.join(", ")}.`,
    ];
  });
}

/** A percentage as tables show it. */
function _percent(value: unknown): string {
  return Number(value).toFixed(2);
}

/** A difference with its sign. */
function _signed(value: number, digits = 2): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function _count(value: unknown): string {
  return Number(value).toLocaleString("en-US");
}

function _best(rows: readonly Row[], key: string): Row {
  return rows.reduce((a, b) => Number(b[key]) > Number(a[key]) ? b : a);
}

function _mean(rows: readonly Row[], key: string): number {
  return rows.reduce((sum, row) => sum + Number(row[key]), 0) / rows.length;
}
