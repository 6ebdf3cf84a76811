/**
 * What runs leave: samples, trials, journals, stage records, manifests, notebooks.
 *
 * @module
 */

import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { Journal } from "../../lib/evaluation/journal.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import {
  loadSamples,
  type SavedSamples,
  saveSamples,
} from "../../lib/generation/saved_samples.ts";
import { stagePath } from "../../lib/run/folders.ts";
import {
  type Manifest,
  readManifest,
  writeManifest,
} from "../../lib/run/manifest.ts";
import {
  cellText,
  codeCells,
  introduction,
  type Notebook,
  notebookText,
  notebookTitle,
  readNotebook,
  stableNotebook,
  withOutputs,
} from "../../lib/run/notebook.ts";
import { checkRunSettings, resultsFolder } from "../../lib/run/settings.ts";
import { readStageRecord, STAGES } from "../../lib/run/stages.ts";
import type { StageRecord } from "../../lib/run/stage.ts";
import type { NamedMethod } from "../../lib/search/method.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { runTrials, type Trial } from "../../lib/search/trials.ts";
import { MAX_NODES } from "../../lib/spaces/graph.ts";
import { cell, SPACE, TABLE } from "../search/_tables.ts";
import {
  bytesOf,
  JSON_DOCUMENT,
  JSON_TREE,
  jsonOf,
  LINES,
  mutated,
  type Mutator,
  textOf,
} from "./mutations.ts";
import { isWhole, notFraction } from "./oracles.ts";
import { type Case, type Target, target } from "./target.ts";

const KEY = "0123456789abcdef".repeat(4);

function isText(value: unknown): value is string {
  return typeof value === "string";
}

const SAMPLES_TARGET = target<SavedSamples | null>({
  name: "samples",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const path = join(folder, "samples.json.gz");
    await saveSamples(path, {
      key: KEY,
      generator: "Arch-LLM",
      draws: 3,
      seconds: 1.5,
      samples: [cell(5).graph, cell(77).graph, "wrong length"],
      sequences: [
        { codes: Int32Array.of(1, 2, 3), malformed: null },
        { codes: Int32Array.of(4, 5, 6), malformed: null },
        { codes: null, malformed: "wrong length" },
      ],
    });
    const written = textOf(gunzipSync(await Deno.readFile(path)));
    const change = (name: string, from: string, to: string): Case => ({
      name,
      input: bytesOf(written.replace(from, to)),
      must: "refuse",
    });
    return {
      seeds: [
        written,
        written.replace(/,\s*"sentences"[^\]]*\]/, ""),
      ].map(bytesOf),
      cases: [
        change("an operation of 300", '"0,', '"300,'),
        change("a sample of no form", '"wrong length"', '"none at all"'),
        change("a code of 1.5", '"1 2 3"', '"1.5 2 3"'),
        { name: "null", input: bytesOf("null"), must: "refuse" },
      ],
      async read(input) {
        await Deno.writeFile(path, gzipSync(input));
        return await loadSamples(path, KEY);
      },
      complaint(value, input) {
        const document = jsonOf(input);
        if (value === null) {
          return document?.key === KEY ? "samples passed over" : null;
        }
        const { samples, sequences, draws, seconds } = value;
        if (!isWhole(draws) || !(seconds >= 0 && seconds < Infinity)) {
          return `${draws} draws in ${seconds} s`;
        }
        if (samples.length !== document.samples.length) return "lost samples";
        for (const [i, sample] of samples.entries()) {
          if (isText(sample)) continue;
          const { ops, incoming } = sample;
          if (ops.length !== incoming.length || ops.length > MAX_NODES) {
            return `a graph of ${ops.length} and ${incoming.length} nodes`;
          }
          if (incoming.some((edges, node) => edges >= 2 ** node)) {
            return `edges ${incoming}`;
          }
          if (`${ops.join()};${incoming.join()}` !== document.samples[i]) {
            return `${ops};${incoming} for ${document.samples[i]}`;
          }
        }
        for (const [i, sequence] of (sequences ?? []).entries()) {
          const text = sequence.codes?.join(" ") ?? sequence.malformed;
          if (text !== document.sentences[i]) {
            return `${text} for ${document.sentences[i]}`;
          }
        }
        return sequences === undefined || sequences.length === samples.length
          ? null
          : `${sequences.length} sentences of ${samples.length} samples`;
      },
    };
  },
});

const TRIAL_TARGET = target<Trial>({
  name: "trial",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const method: NamedMethod = {
      name: "Random search",
      budget: 6,
      ...randomSearch(),
    };
    const evaluator = new TableEvaluator(TABLE);
    const run = async () => {
      const [trial] = await runTrials(SPACE, [evaluator], [method], {
        seeds: [0],
        folder,
        onWarning: () => {},
      });
      return trial;
    };
    await run();
    const path = join(folder, TABLE.dataset, "random_search_0.json");
    const written = textOf(await Deno.readFile(path));
    return {
      seeds: [
        written,
        written.replace(/"validation":[\d.]+/, '"validation":0,"error":"x"'),
      ]
        .map(bytesOf),
      cases: [
        { name: "null", input: bytesOf("null"), must: "refuse" },
        {
          name: "another cell under a key",
          input: bytesOf(written.replace(/"index":\d+/, '"index":9')),
          must: "refuse",
        },
      ],
      async read(input) {
        await Deno.writeFile(path, input);
        return await run();
      },
      complaint({ method: name, dataset, seed, queries, seconds }) {
        if (name !== method.name || dataset !== TABLE.dataset || seed !== 0) {
          return `a trial of ${name}, ${dataset}, ${seed}`;
        }
        if (!(seconds >= 0 && seconds < Infinity)) return `${seconds} s`;
        if (queries.length > method.budget || queries.length === 0) {
          return `${queries.length} queries`;
        }
        const keys = new Set(queries.map(({ cell }) => cell.key));
        if (keys.size < queries.length) return "a cell asked for twice";
        for (const { cell, validation, error } of queries) {
          if (cell.index !== SPACE.indexOf(cell.graph)) {
            return `index ${cell.index}`;
          }
          if (cell.key !== SPACE.key(cell.graph)) return `key ${cell.key}`;
          if (error !== undefined && !isText(error)) {
            return "an error of no text";
          }
          const wrong = notFraction([validation], "a validation accuracy");
          if (wrong !== null) return wrong;
        }
        return null;
      },
    };
  },
});

interface OpenedJournal {
  readonly torn: boolean;
  readonly known: readonly (string | number | null)[];
  readonly left: Uint8Array;
}

const JOURNAL_TARGET = target<OpenedJournal>({
  name: "journal",
  mutators: [
    ...LINES,
    // One line, which stays one.
    ...Array<Mutator>(LINES.length).fill((input, random) => {
      const lines = textOf(input).split("\n");
      const at = random.integer(lines.length);
      lines[at] = textOf(mutated(bytesOf(lines[at]), [JSON_TREE], random));
      return bytesOf(lines.join("\n"));
    }),
  ],
  async open(folder) {
    const path = join(folder, "search.journal");
    const cells = [0, 5, 9].map(cell);
    {
      const journal = await Journal.open(path, KEY);
      await journal.add({ cell: cells[0], validation: 0.75 });
      await journal.add({ cell: cells[1], error: "diverged" });
      await journal.add({ cell: cells[2], validation: 0.5 });
      journal.close();
    }
    const written = textOf(await Deno.readFile(path));
    const known = (journal: Journal) =>
      cells.map((cell) => {
        const found = journal.evaluationOf(cell);
        if (found === null) return null;
        return "error" in found ? found.error : found.validation;
      });
    const read = async () => {
      const journal = await Journal.open(path, KEY);
      try {
        return {
          torn: journal.torn,
          known: known(journal),
          left: await Deno.readFile(path),
        };
      } finally {
        journal.close();
      }
    };
    return {
      seeds: [written, written.slice(0, -10), ""].map(bytesOf),
      cases: [
        {
          name: "an accuracy of 1e999",
          input: bytesOf(written.replace("0.75", "1e999")),
          must: "refuse",
        },
        {
          name: "an accuracy in percent",
          input: bytesOf(written.replace("0.75", "75")),
          must: "refuse",
        },
        {
          name: "a line of 1 MB",
          input: bytesOf(`${written}{"x":"${"x".repeat(1e6)}"}\n${written}`),
          must: "refuse",
        },
      ],
      async read(input) {
        await Deno.writeFile(path, input);
        return await read();
      },
      async complaint({ torn, known, left }, input) {
        const wrong = notFraction(
          known.filter((value) => typeof value === "number"),
          "a validation accuracy",
        );
        if (wrong !== null) return wrong;
        const again = await read();
        if (again.torn) return "a tear that stays";
        if (JSON.stringify(again.known) !== JSON.stringify(known)) {
          return "another journal the second time";
        }
        // What was whole stays; of a torn line nothing does.
        const lines = textOf(left).split("\n").slice(0, -1);
        if (
          torn && left.length >= input.length && input.length > 0 &&
          lines.length > 1
        ) return "a tear that was not cut";
        const first = new Map<string, string | number>();
        for (const line of lines.slice(1)) {
          const { cell, validation, error } = JSON.parse(line);
          if (!first.has(cell)) first.set(cell, validation ?? error);
        }
        const wanted = cells.map(({ key }) => first.get(key) ?? null);
        return JSON.stringify(wanted) === JSON.stringify(known)
          ? null
          : `${JSON.stringify(known)} for ${JSON.stringify(wanted)}`;
      },
    };
  },
});

/** A checkout as it stands in records. */
const GIT = {
  commit: "0123456789abcdef0123456789abcdef01234567",
  modified: false,
};
const FINISHED = "2026-01-02T03:04:05.678Z";

/** What is wrong with the facts that a record and a manifest tell of a stage, or null. */
function stageComplaint(
  stage: Pick<
    StageRecord,
    "name" | "git" | "finished" | "seconds" | "peakMemoryBytes"
  >,
): string | null {
  const { name, git, finished, seconds, peakMemoryBytes } = stage;
  if (!isText(name)) return `a name ${name}`;
  if (!isText(finished)) return `an end ${finished}`;
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds < Infinity)) {
    return `${seconds} s`;
  }
  if (peakMemoryBytes !== null && !isWhole(peakMemoryBytes)) {
    return `${peakMemoryBytes} bytes`;
  }
  if (git === null) return null;
  return isText(git?.commit) && typeof git.modified === "boolean"
    ? null
    : "a checkout of no form";
}

const STAGE_TARGET = target<StageRecord | null>({
  name: "stage-record",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const path = stagePath(folder, "2_vqvae");
    await Deno.mkdir(join(folder, "stages"));
    const file = { sha256: KEY, size: 5, changed: 1.7e12 };
    const seed = bytesOf(JSON.stringify({
      name: "2_vqvae",
      key: KEY,
      git: GIT,
      finished: FINISHED,
      seconds: 12.5,
      peakMemoryBytes: 1_000_000,
      files: { "tables/a.json": file, "tables/b.json": file },
    }));
    const read = async (input: Uint8Array) => {
      await Deno.writeFile(path, input);
      return await readStageRecord(folder, "2_vqvae");
    };
    return {
      seeds: [seed],
      read,
      complaint(value) {
        if (value === null) return null; // the stage runs again
        if (!isText(value.key)) return "a key of no text";
        const wrong = stageComplaint(value);
        if (wrong !== null) return wrong;
        if (typeof value.files !== "object" || value.files === null) {
          return "no files";
        }
        const stray = Object.values(value.files).find((file) =>
          !(isText(file?.sha256) && isWhole(file.size) &&
            typeof file.changed === "number")
        );
        return stray === undefined ? null : `a file ${JSON.stringify(stray)}`;
      },
    };
  },
});

const MANIFEST_TARGET = target<Manifest>({
  name: "manifest",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const settings = checkRunSettings({ root: folder, name: "run" });
    const outputs = resultsFolder(settings);
    await Deno.mkdir(join(outputs, "tables"), { recursive: true });
    await Deno.writeTextFile(join(outputs, "tables", "a.json"), "[]");
    const record: StageRecord = {
      name: "2_vqvae",
      key: KEY,
      git: GIT,
      finished: FINISHED,
      seconds: 12.5,
      peakMemoryBytes: 1_000_000,
      files: {},
    };
    const other = {
      ...record,
      name: "1_data",
      git: null,
      peakMemoryBytes: null,
    };
    await writeManifest(settings, [other, record], {
      command: "deno task reproduce",
      stages: STAGES,
      jupyterVersions: { python: "3.12" },
    });
    const path = join(outputs, "manifest.json");
    const written = await Deno.readFile(path);
    return {
      seeds: [written],
      cases: ["null", "{}", '{"settings":1}', "[]"].map((text): Case => ({
        name: text,
        input: bytesOf(text),
        must: "refuse",
      })),
      async read(input) {
        await Deno.writeFile(path, input);
        return await readManifest(outputs);
      },
      complaint({ settings, stages, files, versions, machine, git, ...rest }) {
        const checked = checkRunSettings({ ...settings, root: folder });
        if (
          checked.seed !== settings.seed || checked.quick !== settings.quick
        ) {
          return "settings of no run";
        }
        if (git !== null && !isText(git.commit)) return "a checkout of no form";
        const texts = [
          rest.command,
          rest.finished,
          machine.system,
          machine.processor,
          ...Object.values(files),
          ...Object.values(versions),
        ];
        const stray = texts.find((text) => !isText(text));
        if (stray !== undefined) return `${JSON.stringify(stray)}, no text`;
        if (!(rest.totalSeconds >= 0)) return `${rest.totalSeconds} s`;
        return stages.map(stageComplaint).find((wrong) => wrong !== null) ??
          null;
      },
    };
  },
});

const NOTEBOOK_TARGET = target<Notebook>({
  name: "notebook",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const path = join(folder, "x.ipynb");
    const real = await Deno.readFile(
      join(PROJECT_ROOT, "notebooks", "1_data.ipynb"),
    );
    const small = bytesOf(notebookText({
      cells: [
        {
          cell_type: "markdown",
          source: ["# Title\n", "\n", "Prose."],
          metadata: {},
        },
        {
          cell_type: "code",
          source: "1 + 1",
          metadata: { collapsed: true },
          execution_count: 1,
          outputs: [{ output_type: "stream", name: "stdout", text: ["2\n"] }],
        },
      ],
      metadata: { language_info: { name: "typescript", version: "5" } },
      nbformat: 4,
      nbformat_minor: 5,
    }));
    return {
      seeds: [small, small, small, real],
      async read(input) {
        await Deno.writeFile(path, input);
        return await readNotebook(path);
      },
      async complaint(notebook) {
        const code = notebook.cells.filter(({ cell_type }) =>
          cell_type === "code"
        );
        const texts = [
          ...notebook.cells.map(cellText),
          ...codeCells(notebook),
          notebookTitle(notebook, "none"),
          introduction(notebook),
        ];
        const stray = texts.find((text) => !isText(text));
        if (stray !== undefined) return `${JSON.stringify(stray)}, no text`;
        await Deno.writeTextFile(
          path,
          notebookText(stableNotebook(withOutputs(notebook, notebook, "copy"))),
        );
        const again = await readNotebook(path);
        if (again.cells.length !== notebook.cells.length) return "lost cells";
        return codeCells(again).join("\0") ===
            code.map(cellText).filter((text) => text.trim() !== "").join("\0")
          ? null
          : "other code once it is written";
      },
    };
  },
});

/** The formats of results. */
export const RESULT_TARGETS: readonly Target[] = [
  SAMPLES_TARGET,
  TRIAL_TARGET,
  JOURNAL_TARGET,
  STAGE_TARGET,
  MANIFEST_TARGET,
  NOTEBOOK_TARGET,
];
