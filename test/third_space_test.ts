/**
 * A space that `lib/` has never heard of goes all the way: from the VQ-VAE through the T5 to
 * tables and searches. So do one whose cells are not listed, and one of the shape of DARTS.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { codeMeanings } from "../lib/analysis/code_usage.ts";
import { permutationTest } from "../lib/analysis/permutations.ts";
import { Random } from "../lib/core/random.ts";
import { onnxExecutor } from "../lib/engine/onnx_executor.ts";
import type { Evaluator } from "../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../lib/evaluation/table_evaluator.ts";
import { arch2vecGenerator } from "../lib/generation/arch2vec.ts";
import { archLlmGenerator } from "../lib/generation/arch_llm.ts";
import { ceilings } from "../lib/generation/ceilings.ts";
import { decodeCodes } from "../lib/generation/cell_decoding.ts";
import { editCell, lastFullCell } from "../lib/generation/cell_editing.ts";
import { type CellModel, openCellModel } from "../lib/generation/cell_model.ts";
import {
  codesOf,
  firstCells,
  sampleCells,
} from "../lib/generation/cell_sampling.ts";
import {
  type CellGenerator,
  type MeasuredGenerator,
  measuredRows,
  measureGenerator,
} from "../lib/generation/generator.ts";
import { toSentence } from "../lib/language/sentences.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../lib/language/tokenizer.ts";
import { measureGeneration, trainingKeys } from "../lib/metrics/generation.ts";
import { Arch2vec } from "../lib/models/arch2vec/arch2vec.ts";
import { arch2vecConfig } from "../lib/models/arch2vec/config.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../lib/models/arch2vec/training.ts";
import { t5Config } from "../lib/models/t5/config.ts";
import { saveT5 } from "../lib/models/t5/files.ts";
import { t5Training, trainT5 } from "../lib/models/t5/training.ts";
import { type CodeKind, vqvaeConfig } from "../lib/models/vqvae/config.ts";
import { saveVqvae } from "../lib/models/vqvae/files.ts";
import { trainVqvae, vqvaeTraining } from "../lib/models/vqvae/training.ts";
import { encodeSplits, Vqvae } from "../lib/models/vqvae/vqvae.ts";
import {
  generationTable,
  generationTableName,
} from "../lib/report/generation_report.ts";
import { searchTable, searchTableName } from "../lib/report/search_tables.ts";
import { algorithm1 } from "../lib/search/algorithm1.ts";
import {
  archLlmOptions,
  archLlmSearch,
} from "../lib/search/arch_llm_search.ts";
import { gaussianProcessSearch } from "../lib/search/gaussian_process_search.ts";
import type { KeyedWriter } from "../lib/search/cell_writer.ts";
import { comparedMethods } from "../lib/search/compared.ts";
import { latentVectors } from "../lib/search/latents.ts";
import { FIRST_IMPROVEMENT, localSearch } from "../lib/search/local_search.ts";
import { limitBudgets } from "../lib/search/method.ts";
import { neighbours } from "../lib/search/neighbours.ts";
import { byAccuracy } from "../lib/search/oracle.ts";
import { randomSearch } from "../lib/search/random_search.ts";
import { regularisedEvolution } from "../lib/search/regularised_evolution.ts";
import { goalRows, optimumRows, searchRows } from "../lib/search/rows.ts";
import { runTrials } from "../lib/search/trials.ts";
import { modelWriter } from "../lib/search/writer.ts";
import type { AccuracyTable } from "../lib/spaces/accuracies.ts";
import { cellAt, cellOf } from "../lib/spaces/cell.ts";
import { drawCells } from "../lib/spaces/draw.ts";
import { bitCount, type Graph, graphOf } from "../lib/spaces/graph.ts";
import { cellGraph, type SearchSpace } from "../lib/spaces/space.ts";
import { encodeCells } from "../lib/spaces/tensors.ts";
import { withFolder } from "./_helpers.ts";
import { LARGE } from "./_large_space.ts";
import { TOY } from "./_toy_space.ts";

const executor = onnxExecutor({ provider: "cpu" });
const { count: COUNT } = TOY.cells();
const ALL = Uint32Array.from({ length: COUNT }, (_, i) => i);
const FOURIER = TOY.ops.indexOf("fourier");
const SAMPLES = 300;

/** Trains the two models of a code, small ones, and opens them. */
function trainedModel(code: CodeKind): Promise<CellModel> {
  return withFolder(async (folder) => {
    const directories = {
      vqvae: join(folder, "vqvae"),
      t5: join(folder, "t5"),
    };
    const vqvae = await trainVqvae(
      TOY,
      {
        ...vqvaeConfig(TOY, code),
        hidden: 32,
        latentDim: 16,
        codebookSize: 32,
      },
      { ...vqvaeTraining(TOY), warmupSteps: 10, reseedEvery: 10 },
      { executor, trainIndices: ALL },
    );
    await saveVqvae(directories.vqvae, vqvae);
    await using coder = Vqvae.load(vqvae, executor);
    const { train } = await encodeSplits(coder, TOY);
    await writeCodesTokenizer(directories.t5, train);
    const tokenizer = await loadTokenizer(directories.t5);
    const t5 = await trainT5(
      { fitting: train, tuning: train }, // a cell of 18 would not tell when to stop
      {
        ...t5Config(TOY, tokenizer.vocabularySize),
        d_model: 32,
        d_kv: 16,
        d_ff: 64,
        num_layers: 1,
        num_decoder_layers: 1,
        num_heads: 2,
      },
      { ...t5Training(TOY), learningRate: 1e-2, warmupSteps: 5 },
      { executor, tokenizer },
    );
    await saveT5(directories.t5, t5);
    return await openCellModel(TOY, directories, executor);
  });
}

const models = {
  "arch-llm": await trainedModel("arch-llm"),
  "arch-llm-plus": await trainedModel("arch-llm-plus"),
};
const plus = models["arch-llm-plus"];
const arch2vec = await trainArch2vec(
  TOY,
  { ...arch2vecConfig(TOY), hidden: 16, layers: 2, latentDim: 8 },
  { ...arch2vecTraining(TOY, 0), batchSize: 6 },
  { executor },
);

/** Measures generators of cells of a space. */
async function measured(
  space: SearchSpace,
  generators: readonly CellGenerator[],
): Promise<MeasuredGenerator[]> {
  const all: MeasuredGenerator[] = [];
  for (const generator of generators) {
    const one = await measureGenerator(space, generator, {
      samples: SAMPLES,
      seed: 0,
      random: Random.fromSeed(0),
    });
    if (one !== null) all.push(one);
  }
  return all;
}

/** A made-up accuracy, the highest of all for the last cell: none of the training. */
function accuracy({ ops, incoming }: Graph): number {
  const [, , inner] = ops;
  const liked = inner === FOURIER ? 0.2 : inner === 3 ? 0.1 : 0;
  return 0.5 + liked + 0.03 * bitCount(incoming[3]) + 0.005 * inner;
}

const TABLE: AccuracyTable = {
  space: TOY.name,
  dataset: "shapes",
  title: "Shapes",
  validation: Float64Array.from(
    ALL,
    (cell) => accuracy(cellGraph(TOY.cells(), cell)),
  ),
  test: Float64Array.from(
    ALL,
    (cell) => accuracy(cellGraph(TOY.cells(), cell)) - 0.02,
  ),
  covered: ALL,
  source: "made up",
};
const BEST = COUNT - 1;

Deno.test("a third space: all of its cells come back whole, from codes of either kind", async () => {
  for (const { vqvae } of Object.values(models)) {
    assert.equal(vqvae.config.nodes, 4);
    const { cells, wholeGraph } = await vqvae.reconstruction(TOY, ALL);
    assert.deepEqual([cells, wholeGraph], [20, 100]);
  }
});

Deno.test("a third space: what each code stands for", async () => {
  const { codes } = await plus.vqvae.encode(TOY, ALL);
  const meanings = codeMeanings(TOY, ALL, codes);
  const operations = new Set(meanings.map(({ operation }) => operation));
  assert.deepEqual(operations, new Set(TOY.ops));
  // As the decoder takes the operation from the code alone, and every cell comes back whole.
  for (const { purity } of meanings) assert.equal(purity, 100);
});

Deno.test("a third space: generators are measured and make a table", async () => {
  await using rival = arch2vecGenerator(TOY, arch2vec, executor, "arch2vec");
  const all = await measured(TOY, [
    rival,
    archLlmGenerator(models["arch-llm"], { temperature: 0.5 }),
    archLlmGenerator(plus, { temperature: 0.5 }),
    archLlmGenerator(plus, { temperature: 1, aim: "distinct" }),
  ]);
  const rows = measuredRows(all);
  const table = generationTable(TOY, rows, ceilings(TOY, SAMPLES));
  assert.equal(generationTableName(TOY), "table_generation");
  assert.equal(table.caption, "Generation on Toy (%)");
  const methods = [
    "arch2vec",
    "Arch-LLM t=0.5",
    "Arch-LLM+ t=0.5",
    "Arch-LLM+, distinct, t=1",
  ];
  assert.deepEqual(
    table.rows.map(({ source, mode, method }) => [source, mode, method]),
    ["paper", "strict"].flatMap((mode) =>
      methods.map((method) => ["measured", mode, method])
    ),
  );
  // 20 (1 − 0.95³⁰⁰) / 300 of the samples, and 2 of 20 cells.
  assert.match(table.notes.join("\n"), /expected to hold 6\.67 % distinct/);
  assert.match(table.notes.join("\n"), /10\.00 % of them are expected/);
  for (const { reports } of all.slice(1, 3)) {
    // What it has learned: the 18 training cells, and little else.
    assert.ok(reports.strict.validity > 90);
    assert.ok(reports.strict.distinct >= 16 && reports.strict.distinct <= 20);
  }
  // No sequence comes twice, and few are other names of one cell.
  const { sequences, reports } = all[3];
  const sentences = sequences!.map(({ codes }) => toSentence(codes!));
  assert.equal(new Set(sentences).size, sentences.length);
  assert.ok(reports.strict.distinct >= 18);
});

Deno.test("a third space: samples are edited, permuted and drawn", async () => {
  const before = lastFullCell(TOY);
  assert.equal(TOY.describe(before), TOY.describe(cellGraph(TOY.cells(), 19)));
  const { variants } = await editCell(plus, before, [0, 1, 3], {
    count: 3,
    temperature: 1,
    random: Random.fromSeed(0),
  });
  assert.equal(variants.length, 3);
  for (const { graph } of variants) {
    assert.equal(TOY.invalidReason(graph, "strict"), null);
    assert.notEqual(TOY.key(graph), TOY.key(before));
  }

  const sampled = await sampleCells(plus, 40, {
    temperature: 0.5,
    random: Random.fromSeed(1),
  });
  const codes = codesOf(sampled);
  const permuted = await permutationTest(plus, codes, {
    permutations: 10,
    random: Random.fromSeed(0),
  });
  assert.equal(permuted.sequences, codes.length / 4);
  assert.ok(permuted.valid < 100); // an input in the place of the output is no cell

  const svg = await drawCells(TOY, [
    before,
    ...firstCells(TOY, sampled.samples, 3),
  ]);
  for (const name of ["fourier", "other input", "output"]) {
    assert.ok(svg.includes(`>${name}<`), name);
  }
});

Deno.test("a third space: every method searches it and finds its best cell", async () => {
  await using encoder = new Arch2vec(arch2vec, executor);
  const methods = limitBudgets(
    comparedMethods(
      TOY,
      { models, latents: latentVectors(encoder, TOY) },
      executor,
    ),
    COUNT,
  );
  const trials = await runTrials(TOY, [new TableEvaluator(TABLE)], methods, {
    seeds: [0, 1],
  });
  for (const { method, queries } of trials) {
    const asked = new Set(queries.map(({ cell }) => cell.index));
    assert.equal(asked.size, COUNT, method);
  }
  const rows = searchRows(TOY, [TABLE], trials);
  assert.deepEqual(
    rows.map((row) => [
      row.source,
      row.method,
      row.queries,
      row["shapes optimum found"],
    ]),
    methods.map(({ name }) => ["measured", name, COUNT, 2]),
  );
  const table = searchTable(rows, [TABLE], [0, 1], {
    space: TOY,
    surrogate: false,
  });
  assert.equal(searchTableName(TOY), "table_search");
  assert.equal(table.caption, "Search on Toy");
  const [optimum] = optimumRows([TABLE]);
  assert.deepEqual(optimum, {
    dataset: "Shapes",
    source: "made up",
    validation: 100 * TABLE.validation[BEST],
    test: 100 * TABLE.test[BEST],
  });
  const { goals, rows: reached } = goalRows(TOY, [TABLE], trials);
  assert.deepEqual(goals.map(({ name }) => name), ["optimum of Shapes"]);
  for (const row of reached) assert.equal(row["optimum of Shapes reached"], 2);
});

Deno.test("a third space: half of its queries are enough for a search that learns", async () => {
  const method = gaussianProcessSearch(["one-hot"], {
    initial: 4,
    round: 2,
    candidates: 40,
    best: 3,
    keep: true,
  });
  const seeds = [0, 1, 2, 3];
  const trials = await runTrials(TOY, [new TableEvaluator(TABLE)], [
    { name: "Gaussian process", budget: COUNT / 2, ...method },
  ], { seeds });
  const [row] = searchRows(TOY, [TABLE], trials);
  assert.equal(row.queries, COUNT / 2);
  assert.equal(row["shapes optimum found"], seeds.length);
});

/** The same space without its list: cells have no index, and random ones are drawn. */
const UNLISTED: SearchSpace = (() => {
  const { indexOf: _, ...space } = TOY;
  return {
    ...space,
    name: "unlisted",
    title: "Unlisted",
    randomCell: (random: Random) =>
      cellGraph(TOY.cells(), random.integer(COUNT)),
  };
})();

/** Judges every cell there is, by the made-up accuracy. */
const EVALUATOR: Evaluator = {
  name: "shapes",
  key: "shapes",
  covers: () => true,
  async *evaluate(cells) {
    for (const cell of cells) {
      await Promise.resolve();
      yield { cell, validation: accuracy(cell.graph) };
    }
  },
};

Deno.test("a space that is not listed: sampled, measured and put in a table", async () => {
  const model = { ...plus, space: UNLISTED };
  const generator = archLlmGenerator(model, { temperature: 0.5 });
  const [listed] = await measured(TOY, [
    archLlmGenerator(plus, { temperature: 0.5 }),
  ]);
  const all = await measured(UNLISTED, [generator]);
  assert.deepEqual(all[0].reports, listed.reports);
  assert.deepEqual(ceilings(UNLISTED, SAMPLES), []); // how many cells there are is not known
  const table = generationTable(
    UNLISTED,
    measuredRows(all),
    ceilings(UNLISTED, SAMPLES),
  );
  assert.equal(table.caption, "Generation on Unlisted (%)");
  assert.equal(table.rows.length, 2);
});

Deno.test("a space that is not listed: every method ends where nothing is left to ask for", async () => {
  const rounds = { initial: 4, round: 4, candidates: 40, best: 3, keep: true };
  const writer: KeyedWriter = {
    writer: modelWriter({ ...plus, space: UNLISTED }, { temperature: 1 }),
    key: "writer of the test",
  };
  const searches = {
    "random search": randomSearch(),
    "regularised evolution": regularisedEvolution(),
    "local search": localSearch(FIRST_IMPROVEMENT),
    "Gaussian process": gaussianProcessSearch(["paths"], rounds),
    "Algorithm 1": algorithm1(writer, {
      masked: 2,
      population: 12,
      kept: 4,
      iterations: 2,
    }),
    "Arch-LLM+ search": archLlmSearch(writer, {
      ...archLlmOptions(UNLISTED),
      ...rounds,
      ...{ written: 50, ahead: 2, fills: 10 },
    }),
  };
  const methods = Object.entries(searches).map(([name, method]) => ({
    name,
    budget: 40,
    ...method,
  }));
  const trials = await runTrials(UNLISTED, [EVALUATOR], methods, {
    seeds: [0],
  });
  for (const { method, queries } of trials) {
    assert.ok(queries.every(({ cell }) => cell.index === null), method);
    const keys = new Set(queries.map(({ cell }) => cell.key));
    assert.equal(keys.size, queries.length, method);
    // Fewer than it was allowed: there are no more.
    assert.equal(keys.size, COUNT, method);
    const [best] = byAccuracy(queries);
    assert.equal(
      best.cell.key,
      TOY.key(cellGraph(TOY.cells(), BEST)),
      method,
    );
  }
});

Deno.test("a space of the shape of DARTS: a cell is one, however its steps are written", () => {
  const random = Random.fromSeed(5);
  for (let i = 0; i < 50; i++) {
    const graph = LARGE.randomCell!(random);
    assert.equal(LARGE.invalidReason(graph, "strict"), null);
    // The two operations of the last step, which none but the output takes, in turn.
    const { ops, incoming } = graph;
    const other = {
      ops: ops.with(8, ops[9]).with(9, ops[8]),
      incoming: incoming.with(8, incoming[9]).with(9, incoming[8]),
    };
    const cell = cellOf(LARGE, other)!;
    assert.equal(cell.key, LARGE.key(graph));
    assert.equal(cell.index, null);
    assert.notEqual(LARGE.rawKey(other), LARGE.rawKey(graph));
  }
  const none = { ops: Uint8Array.of(0, 1, 4), incoming: new Uint32Array(3) };
  assert.equal(cellOf(LARGE, none), null);
});

Deno.test("a space of the shape of DARTS: its cells are encoded, learned from, decoded and measured", async () => {
  const { ops, adjacency } = encodeCells(LARGE, LARGE.cells(), [7]);
  const graph = cellGraph(LARGE.cells(), 7);
  assert.equal(ops.length, 11 * 5);
  graph.ops.forEach((op, node) => assert.equal(ops[5 * node + op], 1));
  const pairs = Array.from(adjacency.keys()).filter((at) => adjacency[at] === 1)
    .map((at) => [Math.floor(at / 11), at % 11] as const);
  assert.deepEqual(graphOf(graph.ops, pairs), graph);

  const trained = await trainVqvae(
    LARGE,
    {
      ...vqvaeConfig(LARGE, "arch-llm-plus"),
      hidden: 32,
      latentDim: 16,
      codebookSize: 64,
    },
    { ...vqvaeTraining(LARGE), epochs: 12, warmupSteps: 10, reseedEvery: 10 },
    { executor },
  );
  const [first, last] = [trained.history[0], trained.history.at(-1)!];
  assert.ok(last.loss < first.loss / 2, `${last.loss} after ${first.loss}`);
  await using vqvae = Vqvae.load(trained, executor);
  const { validation } = LARGE.split();
  const { edges } = await vqvae.reconstruction(LARGE, validation);
  assert.ok(edges > 80, `${edges}`);
  const { codes } = await vqvae.encode(LARGE, ALL);
  const samples = await decodeCodes({ space: LARGE, vqvae }, codes);
  const written = LARGE.randomCell!(Random.fromSeed(1));
  const report = measureGeneration(
    LARGE,
    [...samples, written, written],
    "strict",
    trainingKeys(LARGE, "strict"),
  );
  assert.equal(report.samples, COUNT + 2);
  assert.ok(report.valid >= 2 && report.novel >= 2);
  const invalid = Object.values(report.reasons).reduce((sum, n) => sum + n, 0);
  assert.equal(report.valid + invalid, report.samples);
});

Deno.test("a space of the shape of DARTS: searched by random cells and by steps of its own", async () => {
  const evaluator: Evaluator = {
    ...EVALUATOR,
    async *evaluate(cells) {
      for (const cell of cells) {
        await Promise.resolve();
        // Operations of one kind, and edges from earlier steps.
        const { ops, incoming } = cell.graph;
        const liked = ops.filter((op) => op === 3).length +
          incoming.subarray(2, -1).filter((edges) => edges > 2).length;
        yield { cell, validation: liked / 14 };
      }
    },
  };
  const BUDGET = 150;
  const trials = await runTrials(LARGE, [evaluator], [
    { name: "Random search", budget: BUDGET, ...randomSearch() },
    {
      name: "Regularised evolution",
      budget: BUDGET,
      ...regularisedEvolution(),
    },
    { name: "Local search", budget: BUDGET, ...localSearch(FIRST_IMPROVEMENT) },
  ], { seeds: [0] });
  for (const { method, queries } of trials) {
    const keys = new Set(queries.map(({ cell }) => cell.key));
    assert.equal(keys.size, BUDGET, method);
    assert.ok(queries.every(({ cell }) => cell.index === null), method);
  }
  const [random, evolved, local] = trials.map(({ queries }) =>
    byAccuracy(queries)[0].validation
  );
  assert.ok(evolved > random && local > random, `${[evolved, local, random]}`);
  // Eight operations to change, and 0, 1, 2 or 3 other things that one of a step can take.
  const cell = cellAt(LARGE, 3);
  const near = neighbours(LARGE, cell);
  assert.ok(near.length > 8 && near.length <= 8 + 2 * (0 + 1 + 2 + 3));
  for (const { graph, key } of near) {
    assert.equal(LARGE.invalidReason(graph, "strict"), null);
    assert.notEqual(key, cell.key);
  }
});
