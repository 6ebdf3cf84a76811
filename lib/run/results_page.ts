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
import {
  type ComparedSpace,
  generationComparison,
  searchComparison,
} from "../report/comparison.ts";
import {
  beyondProse,
  differenceProse,
  generationProse,
  permutationProse,
  predictorProse,
  rivalProse,
  searchProse,
  seedsProse,
} from "../report/prose.ts";
import type { Json } from "../report/figure.ts";
import { GENERATOR_TABLES, RIVAL_TABLES } from "../report/rival_report.ts";
import { type Row, tableMarkdown } from "../report/tables.ts";
import { type Manifest, readManifest } from "./manifest.ts";

/** A run of record as it lies in its folder. */
export interface RunOfRecord {
  /** Name of the folder, which is that of its space. */
  readonly name: string;
  /** The space's name as people write it. */
  readonly title: string;
  readonly folder: string;
  /** Folder of the tables of other papers' methods, which are recorded by themselves. */
  readonly rivals: string;
  /** Numbers of the paper's tables of generations and of searches on the space; null where it has none. */
  readonly tables: {
    readonly generation: number | null;
    readonly search: number | null;
  };
}

/**
 * Writes the page.
 *
 * @param records Runs of record, in the order of the page.
 * @param speed What `deno task bench` printed, as Markdown; null where it is not kept.
 * @param example Folder of a search whose cells were trained; null where there is none.
 * @returns Markdown.
 * @throws {Error} If a table or a manifest of a record is missing or cannot be read.
 */
export async function resultsPage(
  records: readonly RunOfRecord[],
  speed: string | null,
  example: string | null = null,
): Promise<string> {
  const sections: string[] = [];
  for (const record of records) sections.push(await _section(record));
  const compared = await Promise.all(records.map(_compared));
  return [
    "# Results",
    "Written by `deno task results` from the tables of the runs of record: every figure below, in a sentence or in a table, stands in a row that a run left. _Paper_ rows are copied from the paper, _measured_ rows come from the command given. The _published reading_ of the metrics, called _paper_ in records of earlier versions, is the one under which the published figures are possible: the paper does not state its own. The _strict reading_ is what a user of the metrics means.",
    "## Paper, rivals and this project",
    tableMarkdown(generationComparison(compared)).trim(),
    tableMarkdown(searchComparison(compared)).trim(),
    ...sections,
    ...(example === null ? [] : [await _example(example)]),
    ...(speed === null ? [] : [`## Speed\n\n${speed.trim()}`]),
  ].join("\n\n") + "\n";
}

/** The search whose cells were trained: its table, and how it was made. */
async function _example(folder: string): Promise<string> {
  const { backend, budget, command, recipe, seconds } = await readJson<
    Readonly<Record<string, Json>>
  >(join(folder, "manifest.json"), "manifest of the example");
  const table = await Deno.readTextFile(join(folder, "tables", "methods.md"));
  return [
    "## Cells that were trained",
    `${budget} queries a trial, each cell trained by \`${
      (command as readonly string[]).join(" ")
    }\` with the recipe \`${
      JSON.stringify(recipe)
    }\` (backend ${backend}); all searches together took ${
      Math.round(Number(seconds) / 60)
    } minutes on two cores. README.md has the command.`,
    table.trim(),
  ].join("\n\n");
}

/** The names of a space's tables of generations and of searches. */
function _names({ tables }: RunOfRecord): {
  readonly generation: string;
  readonly search: string;
} {
  return {
    generation: `table_${tables.generation ?? "generation"}`,
    search: `table_${tables.search ?? "search"}`,
  };
}

/** What the comparison takes of a record. */
async function _compared(record: RunOfRecord): Promise<ComparedSpace> {
  const { title, folder, rivals } = record;
  const { generation, search } = _names(record);
  const rows = async (
    tables: string,
    name: string,
  ): Promise<readonly Row[]> => {
    const path = join(tables, `${name}.json`);
    return await exists(path) ? await readJson(path, "table") : [];
  };
  const own = join(folder, "tables");
  return {
    title,
    generation: await rows(own, generation),
    seeds: await rows(own, "training_seeds"),
    generators: await rows(rivals, GENERATOR_TABLES[0]),
    search: await rows(own, search),
    searches: await rows(rivals, RIVAL_TABLES[0]),
  };
}

async function _section(record: RunOfRecord): Promise<string> {
  const { title, folder } = record;
  const manifest = await readManifest(folder);
  const { generation, search } = _names(record);
  const part = async (
    heading: string,
    name: string,
    prose: (rows: readonly Row[]) => readonly string[],
    tables = join(folder, "tables"),
  ) => {
    const path = join(tables, name);
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
    ...await part("Training seeds", "training_seeds", seedsProse),
    ...await part(
      "Beyond independent draws",
      "beyond_independent_draws",
      beyondProse,
    ),
    ...await part("Reconstruction", "reconstruction", () => []),
    ...await part("Likelihood of validation cells", "likelihood", () => []),
    ...await part("Search", search, searchProse),
    ...await part("Methods of search", "search_settings", () => []),
    ...await part("Search by budgets", "search_budgets", () => []),
    ...await part(
      "Search over training seeds",
      "search_training_seeds",
      () => [],
    ),
    ...await part(
      "Search without a language model",
      "search_differences",
      differenceProse,
    ),
    ...await part(
      "Proposals beside the covered cells",
      "search_coverage",
      () => [],
    ),
    ...await part("Queries to a goal", "queries_to_goal", () => []),
    ...await part(
      "Algorithm 1 by its settings",
      "algorithm_1_settings",
      () => [],
    ),
    ...await part(
      "Generators of other papers",
      GENERATOR_TABLES[0],
      () => [],
      record.rivals,
    ),
    ...await part(
      "Cost of generators of other papers",
      GENERATOR_TABLES[1],
      () => [],
      record.rivals,
    ),
    ...await part(
      "Searches of other papers",
      RIVAL_TABLES[0],
      rivalProse,
      record.rivals,
    ),
    ...await part(
      "Searches beside their published curves",
      RIVAL_TABLES[1],
      () => [],
      record.rivals,
    ),
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
