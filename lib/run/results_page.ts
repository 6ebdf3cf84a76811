/**
 * `outputs/RESULTS.md`: what the runs of record found, written from their tables.
 *
 * Every figure, in a sentence or in a table, is looked up in the rows that a run left; so
 * the page cannot say what no table shows.
 *
 * @module
 */

import { join } from "node:path";
import { exists, readJson } from "../core/files.ts";
import type { Row } from "../report/tables.ts";
import { type Manifest, readManifest } from "./manifest.ts";

/** A run of record as it lies in its folder. */
export interface RunOfRecord {
  /** Name of the folder, which is that of its space. */
  readonly name: string;
  /** The space's name as people write it. */
  readonly title: string;
  readonly folder: string;
  /** Numbers of the paper's tables of generations and of searches on the space; null where it has none. */
  readonly tables: {
    readonly generation: number | null;
    readonly search: number | null;
  };
}

/** Queries of the protocol of searches by rounds. */
const ROUNDS_QUERIES = 192;
/** Labelled cells at which representations are compared in a sentence. */
const FEW_LABELS = "200";

/**
 * Writes the page.
 *
 * @param records Runs of record, in the order of the page.
 * @param speed What `deno task bench` printed, as Markdown; null where it is not kept.
 * @returns Markdown.
 * @throws {Error} If a table or a manifest of a record is missing or cannot be read.
 */
export async function resultsPage(
  records: readonly RunOfRecord[],
  speed: string | null,
): Promise<string> {
  const sections: string[] = [];
  for (const record of records) sections.push(await _section(record));
  return [
    "# Results",
    "Written by `deno task results` from the tables of the runs of record: every figure below, in a sentence or in a table, stands in a row that a run left. _Paper_ rows are copied from the paper, _measured_ rows come from the command given. _Paper mode_ is the reading of the metrics under which the published figures are possible, _strict mode_ is what a user of the metrics means.",
    ...sections,
    ...(speed === null ? [] : [`## Speed\n\n${speed.trim()}`]),
  ].join("\n\n") + "\n";
}

async function _section(record: RunOfRecord): Promise<string> {
  const { title, folder, tables } = record;
  const manifest = await readManifest(folder);
  const generation = `table_${tables.generation ?? "generation"}`;
  const search = `table_${tables.search ?? "search"}`;
  const part = async (
    heading: string,
    name: string,
    prose: (rows: readonly Row[]) => readonly string[],
  ) => {
    const path = join(folder, "tables", name);
    if (!await exists(`${path}.json`)) return [];
    const rows = await readJson<readonly Row[]>(`${path}.json`, "table");
    const markdown = await Deno.readTextFile(`${path}.md`);
    const sentences = prose(rows);
    return [
      `### ${heading}`,
      ...(sentences.length === 0 ? [] : [sentences.join(" ")]),
      markdown.trim(),
    ];
  };
  return [
    `## ${title}`,
    _origin(manifest),
    ...await part("Generation", generation, generationProse),
    ...await part("Reconstruction", "reconstruction", () => []),
    ...await part("Likelihood of validation cells", "likelihood", () => []),
    ...await part("Search", search, searchProse),
    ...await part("Queries to a goal", "queries_to_goal", () => []),
    ...await part("Algorithm 1 by its settings", "algorithm_1_settings", () =>
      []),
    ...await part("Permuted codes", "permutations", permutationProse),
    ...await part("Codes as a representation", "predictors", predictorProse),
  ].join("\n\n");
}

/** Which run it was, on what. */
function _origin(manifest: Manifest): string {
  const { command, finished, totalSeconds, git, device, machine, settings } =
    manifest;
  const commit = git === null ? "" : `, commit \`${git.commit.slice(0, 7)}\``;
  const t5 = settings.t5 === null
    ? "T5 trained from scratch"
    : `T5 fine-tuned from ${settings.t5}`;
  return `\`${command}\`: seed ${settings.seed}, ${t5}, ${
    (totalSeconds / 60).toFixed(0)
  } minutes on ${machine.cores} cores (${machine.processor}, ${
    device.used ?? device.asked
  })${commit}, ${finished.slice(0, 10)}.`;
}

/** A percentage as tables show it. */
function _percent(value: unknown): string {
  return Number(value).toFixed(2);
}

/** What the rows of Table 1 or 2 say, in sentences. */
export function generationProse(rows: readonly Row[]): string[] {
  const sentences: string[] = [];
  const measured = rows.filter(({ source }) => source === "measured");
  const draws = (mode: string) =>
    measured.filter((row) =>
      row.mode === mode && /^Arch-LLM\+? t=/.test(String(row.method))
    );
  for (const paper of rows) {
    const { source, method, temperature } = paper;
    if (source !== "paper" || !String(method).startsWith("Arch-LLM")) continue;
    const own = draws("paper").find((row) =>
      String(row.method).startsWith("Arch-LLM t=") &&
      row.temperature === temperature
    );
    if (own === undefined) continue;
    sentences.push(
      `At t = ${temperature} the paper reports ${
        _percent(paper.validity)
      } % valid, ${
        _percent(paper.absoluteUniqueness)
      } % absolute uniqueness and ${
        _percent(paper.absoluteNovelty)
      } % absolute novelty; its code run here has ${
        _percent(own.validity)
      }, ${_percent(own.absoluteUniqueness)} and ${
        _percent(own.absoluteNovelty)
      } in paper mode.`,
    );
  }
  for (const name of ["Arch-LLM", "Arch-LLM+"]) {
    const own = draws("strict").filter((row) =>
      String(row.method).startsWith(`${name} t=`)
    );
    if (own.length === 0) continue;
    const best = own.reduce((a, b) =>
      Number(b.absoluteUniqueness) > Number(a.absoluteUniqueness) ? b : a
    );
    sentences.push(
      `Counted strictly, ${name} is best at t = ${best.temperature}: ${
        _percent(best.validity)
      } % of independent samples are cells of the space as they stand, ${
        _percent(best.absoluteUniqueness)
      } % valid and different, ${_percent(best.absoluteNovelty)} % novel.`,
    );
  }
  const arch2vec = measured.filter((row) =>
    row.mode === "strict" && row.method === "arch2vec, run here"
  );
  if (arch2vec.length > 0) {
    const mean = arch2vec.reduce((sum, row) => sum + Number(row.validity), 0) /
      arch2vec.length;
    sentences.push(
      `Of arch2vec's samples ${
        _percent(mean)
      } % are, the mean of ${arch2vec.length} seeds.`,
    );
  }
  return sentences;
}

/** What the rows of Table 3 or 4 say, in sentences, by data set. */
export function searchProse(rows: readonly Row[]): string[] {
  const datasets = [
    ...new Set(rows.flatMap((row) =>
      Object.keys(row).flatMap((key) =>
        key.endsWith(" optimum found") ? [key.slice(0, -14)] : []
      )
    )),
  ];
  const measured = rows.filter(({ source }) => source !== "paper");
  return datasets.flatMap((dataset) => {
    const validation = `${dataset} validation`, test = `${dataset} test`;
    const found = (row: Row) =>
      `${row[`${dataset} optimum found`]} of ${row[`${dataset} trials`]}`;
    const own = measured.find(({ method, queries }) =>
      method === "Arch-LLM+ search" && queries === ROUNDS_QUERIES
    );
    if (own === undefined) return [];
    const others = measured.filter((row) =>
      row.queries === ROUNDS_QUERIES && row !== own
    );
    const best = others.reduce((a, b) =>
      Number(b[validation]) > Number(a[validation]) ? b : a
    );
    const pair = (row: Row) =>
      `${_percent(row[validation])} / ${_percent(row[test])}`;
    const agNet = rows.find(({ method }) => method === "AG-Net*");
    const paper = rows.find(({ source, method }) =>
      source === "paper" && method === "Arch-LLM"
    );
    const algorithm1 = measured.find(({ method, queries }) =>
      method === "Arch-LLM, Algorithm 1" && queries === paper?.queries
    );
    return [
      `${dataset}, validation / test accuracy: with ${ROUNDS_QUERIES} queries the Arch-LLM+ search returns ${
        pair(own)
      } and the best cell there is in ${
        found(own)
      } trials; the best other method run here, ${best.method}, ${
        pair(best)
      } and ${found(best)}${
        agNet === undefined
          ? ""
          : `; AG-Net's published row (${agNet.queries} queries) is ${
            pair(agNet)
          }`
      }.${
        paper === undefined || algorithm1 === undefined
          ? ""
          : ` Algorithm 1 with the paper's code returns ${
            pair(algorithm1)
          } after ${algorithm1.queries} queries, where the paper has ${
            pair(paper)
          }.`
      }`,
    ];
  });
}

/** What the permutation test says. */
export function permutationProse(rows: readonly Row[]): string[] {
  return rows.map(({ code, method, sequences, duplicated }) =>
    `${method ?? code}: ${duplicated} of ${
      Number(sequences).toLocaleString("en-US")
    } sequences have a permutation that is the same cell.`
  );
}

/** How representations order cells from few labels. */
export function predictorProse(rows: readonly Row[]): string[] {
  const named = rows.filter((row) => typeof row[FEW_LABELS] === "number")
    .map((row) =>
      `${row.representation} ${Number(row[FEW_LABELS]).toFixed(3)}`
    );
  return named.length === 0
    ? []
    : [`Kendall's τ from ${FEW_LABELS} labelled cells: ${named.join(", ")}.`];
}
