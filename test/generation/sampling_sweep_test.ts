import assert from "node:assert/strict";
import { join } from "node:path";
import { readGzipJson } from "../../lib/core/gzip.ts";
import { Random } from "../../lib/core/random.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import type { ArchLlmSetting } from "../../lib/generation/arch_llm.ts";
import { measuredRows } from "../../lib/generation/generator.ts";
import {
  aimedSettings,
  AS_PUBLISHED,
  bestPoint,
  chooseTemperatures,
  MOST_DIFFERENT_CELLS,
  SWEEP_TEMPERATURES,
  type SweepPoint,
  sweepSampling,
  temperatureSettings,
} from "../../lib/generation/sampling_sweep.ts";
import { CodeTokens } from "../../lib/language/code_tokens.ts";
import { toSentence } from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  type TokenBatch,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { T5_MINI } from "../../lib/models/t5/config.ts";
import {
  T5Generator,
  type WritingLimits,
} from "../../lib/models/t5/generator.ts";
import type { DrawOptions } from "../../lib/models/t5/token_draws.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { Vqvae } from "../../lib/models/vqvae/vqvae.ts";
import { graphText } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph, type SearchSpace } from "../../lib/spaces/space.ts";
import type { DecodedCells } from "../../lib/spaces/tensors.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import { assertClose, SAME_ALGORITHM, withFolder } from "../_helpers.ts";
import { sentencesOf as textsOf } from "../models/_learned_model.ts";

const whole = getSpace("nasbench201");
/** NAS-Bench-201, of which the first 20 cells are for training. */
const space: SearchSpace = {
  ...whole,
  split: () =>
    cellSplit(
      Uint32Array.from({ length: 20 }, (_, i) => i),
      Uint32Array.of(20),
    ),
};
const TEMPLATE = cellGraph(space.cells(), 0).incoming;
/** Added to the first code of a cell whose edges are not the template's. */
const OFF = 56;
const CONFIG = { ...vqvaeConfig(space), codebookSize: 64 };

function sentenceOf(cell: number, first = 0): string {
  const { ops } = cellGraph(space.cells(), cell);
  return toSentence(ops.map((op, node) => node === 0 ? first + op : op));
}

/** A training cell, a novel one, the training cell off the template, and none. */
const KNOWN = sentenceOf(7);
const NOVEL = sentenceOf(9000);
const OFF_TEMPLATE = sentenceOf(7, OFF);
const MALFORMED = "1 2 3";

const executor = await eagerExecutor("cpu");

/** Decodes codes to themselves. */
class ScriptedVqvae extends Vqvae {
  constructor() {
    super(CONFIG, executor, executor.state({}));
  }

  override decode(codes: Int32Array): Promise<DecodedCells> {
    // Off the template: without the edge 0 → 1.
    const incoming = Uint32Array.from(
      codes,
      (_, i) => i % 8 === 1 && codes[i - 1] >= OFF ? 0 : TEMPLATE[i % 8],
    );
    return Promise.resolve({ ops: codes.map((code) => code % OFF), incoming });
  }
}

const folder = await Deno.makeTempDir();
await writeCodesTokenizer(folder, { codebookSize: 64 });
const tokenizer = await loadTokenizer(folder);
await Deno.remove(folder, { recursive: true });
const tokens = new CodeTokens(tokenizer, { length: 8, codebookSize: 64 });

/** Writes what a script says for each row. */
class ScriptedGenerator extends T5Generator {
  constructor(
    readonly script: (row: number, options: DrawOptions) => string,
  ) {
    super({ config: T5_MINI, weights: {} }, executor);
  }

  override generateEach(
    { rows }: TokenBatch,
    settings: readonly DrawOptions[],
    { maxTokens, onProgress }: WritingLimits,
  ): Promise<Int32Array[]> {
    return Promise.resolve(settings.map((setting, i) => {
      const sentences = Array.from(
        { length: rows },
        (_, row) => this.script(row, setting).split(" "),
      );
      const { ids } = tokenizer.encodeBatch(sentences, maxTokens);
      onProgress?.({
        done: (i + 1) * rows,
        total: settings.length * rows,
        message: `temperature ${setting.temperature}`,
      });
      return ids;
    }));
  }
}

function modelOf(script: ScriptedGenerator["script"], of = space) {
  return {
    space: of,
    vqvae: new ScriptedVqvae(),
    generator: new ScriptedGenerator(script),
    tokens,
    key: "scripted",
    codebook: new Float32Array(),
    dispose: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The same five over and over. */
const CYCLE = [KNOWN, KNOWN, NOVEL, OFF_TEMPLATE, MALFORMED];
const cycling = modelOf((row) => CYCLE[row % 5]);
/** One of five at random; the more so the higher the temperature. */
const random = modelOf((_row, { random, temperature }) =>
  random.uniform() * 2 < temperature ? CYCLE[random.integer(5)] : KNOWN
);

const OPTIONS = {
  samples: 10,
  seed: 4,
  random: Random.fromSeed(4),
  reconstruction: {
    cells: 1,
    ops: 99.5,
    edges: 98.5,
    elementwise: 99,
    wholeGraph: 97,
  },
};

/** What was written at a point, as text. */
const sentencesOf = ({ samples, sequences }: SweepPoint) =>
  textsOf({ samples, sequences: sequences! });

Deno.test("sweepSampling() measures samples in both readings", async () => {
  const [point] = await sweepSampling(cycling, [{ temperature: 1.8 }], OPTIONS);
  // What is malformed is told by its reason.
  const written = CYCLE.map((one) => one === MALFORMED ? "wrong length" : one);
  assert.deepEqual(sentencesOf(point), [...written, ...written]);
  assert.deepEqual(point.setting, { temperature: 1.8 });
  // Paper: 8 of 10 are valid, 3 of them different; novel are the novel cell and that off
  // the template, twice each.
  const { paper, strict } = point.rows;
  const shared = {
    method: "Arch-LLM t=1.8",
    source: "measured",
    temperature: 1.8,
    topK: null,
    topP: null,
    samples: 10,
    draws: 10,
    seed: 4,
  };
  assert.deepEqual(paper, {
    ...shared,
    mode: "paper",
    reconstruction: 99,
    validity: 80,
    uniqueness: 37.5,
    absoluteUniqueness: 30,
    novelty: 50,
    absoluteNovelty: 40,
  });
  // Strict: the one off the template is invalid, so 6 are valid, 2 different, 2 novel.
  // By structure too: the cells compute different things.
  const {
    uniqueness,
    novelty,
    structureUniqueness,
    structureNovelty,
    ...rest
  } = strict;
  assert.deepEqual(rest, {
    ...shared,
    mode: "strict",
    reconstruction: 97,
    validity: 60,
    absoluteUniqueness: 20,
    absoluteNovelty: 20,
    structureAbsoluteUniqueness: 20,
    structureAbsoluteNovelty: 20,
  });
  assertClose(
    [uniqueness, novelty, structureUniqueness!, structureNovelty!],
    new Array(4).fill(100 / 3),
    SAME_ALGORITHM,
  );
  assert.equal(point.reports.strict.reasons["adjacency off template"], 2);
  assert.equal(point.reports.strict.reasons.malformed, 2);
  assert.equal(point.reports.paper.malformed["wrong length"], 2);
});

Deno.test("sweepSampling() puts what readers must know into the rows", async () => {
  const [point] = await sweepSampling(
    modelOf((row) => CYCLE[row % 5], { ...space, variableSize: true }),
    [{ temperature: 1, topK: 5, topP: 0.9 }],
    { ...OPTIONS, note: "trained from scratch", seed: 9 },
  );
  for (const row of Object.values(point.rows)) {
    assert.equal(row.topK, 5);
    assert.equal(row.topP, 0.9);
    assert.equal(row.cut, true);
    assert.equal(row.note, "trained from scratch");
    assert.equal(row.seed, 9);
  }
});

const SETTINGS: ArchLlmSetting[] = [
  { temperature: 0.5 },
  { temperature: 1 },
  { temperature: 1, topK: 3 },
  { temperature: 2, topP: 0.5 },
];

Deno.test("sweepSampling() gives each setting the same, whatever the others", async () => {
  const sweep = (settings: ArchLlmSetting[], seed = 4) =>
    sweepSampling(random, settings, {
      ...OPTIONS,
      samples: 40,
      random: Random.fromSeed(seed),
    });
  const points = withoutTime(await sweep(SETTINGS));
  assert.deepEqual(points.map(({ setting }) => setting), SETTINGS);
  assert.deepEqual(
    withoutTime(await sweep(SETTINGS.toReversed())).reverse(),
    points,
  );
  assert.deepEqual(withoutTime(await sweep([SETTINGS[2]])), [points[2]]);
  assert.notDeepEqual(
    sentencesOf((await sweep([SETTINGS[2]], 5))[0]),
    sentencesOf(points[2]),
  );
  // Settings of one temperature draw differently, too.
  assert.notDeepEqual(sentencesOf(points[1]), sentencesOf(points[2]));
});

Deno.test("sweepSampling() leaves the caller's generator where it was, and tells how far it is", async () => {
  const generator = Random.fromSeed(4);
  const before = [...generator.state];
  const done: number[] = [];
  await sweepSampling(random, SETTINGS, {
    ...OPTIONS,
    random: generator,
    onProgress: (progress) => {
      assert.equal(progress.total, 40);
      done.push(progress.done);
    },
  });
  assert.deepEqual([...generator.state], before);
  assert.deepEqual(done, [10, 20, 30, 40]);
});

Deno.test("sweepSampling() refuses wrong settings", async () => {
  // The scripted generator checks nothing, so a real one is asked.
  const generator = new T5Generator({ config: T5_MINI, weights: {} }, executor);
  await assert.rejects(
    sweepSampling(
      { ...cycling, generator },
      [{ temperature: 1, topP: 2 }],
      OPTIONS,
    ),
    {
      name: "RangeError",
      message: "Cannot sample: topP must be in (0, 1] or null, got 2",
    },
  );
});

/** A point of which only the two metrics matter. */
function point(
  temperature: number,
  paper: [number, number],
  strict: [number, number],
): SweepPoint {
  const report = ([absoluteUniqueness, absoluteNovelty]: [number, number]) => ({
    absoluteUniqueness,
    absoluteNovelty,
  });
  return {
    setting: { temperature },
    reports: { paper: report(paper), strict: report(strict) },
  } as unknown as SweepPoint;
}

Deno.test("bestPoint() takes the highest of a metric in a reading, the first of equals", () => {
  const points = [
    point(1, [50, 5], [40, 9]),
    point(1.2, [70, 6], [45, 9]),
    point(1.4, [70, 7], [30, 1]),
    point(1.6, [10, 8], [45, 2]),
  ];
  const best = (
    ...of: [
      SweepPoint["rows"]["paper"]["mode"],
      "absoluteUniqueness" | "absoluteNovelty",
    ]
  ) => bestPoint(points, ...of).setting.temperature;
  assert.equal(best("paper", "absoluteUniqueness"), 1.2);
  assert.equal(best("strict", "absoluteUniqueness"), 1.2);
  assert.equal(best("paper", "absoluteNovelty"), 1.6);
  assert.equal(best("strict", "absoluteNovelty"), 1);
  assert.equal(
    bestPoint(points.toReversed(), "paper", "absoluteUniqueness").setting
      .temperature,
    1.4,
  );
  assert.throws(() => bestPoint([], "paper", "absoluteNovelty"), {
    name: "RangeError",
    message: "Cannot take the best point: there must be at least one, got 0",
  });
});

Deno.test("measuredRows() lists the published reading, then the strict one, of each point", async () => {
  const points = await sweepSampling(cycling, SETTINGS.slice(0, 2), OPTIONS);
  const rows = measuredRows(points);
  assert.deepEqual(
    rows.map(({ mode, temperature }) => [mode, temperature]),
    [["paper", 0.5], ["strict", 0.5], ["paper", 1], ["strict", 1]],
  );
  assert.equal(rows[2], points[1].rows.paper);
});

Deno.test("chooseTemperatures() takes the paper's, and the best of a sweep in each metric and reading", () => {
  const sweep = [
    point(0.5, [10, 5], [50, 0]), // most different cells, strictly
    point(0.8, [90, 5], [20, 0]), // and as published
    point(0.9, [10, 5], [20, 9]), // most novel ones, strictly
    point(1, [10, 50], [20, 0]), // and as published
    point(1.8, [10, 5], [20, 0]),
  ];
  const chosen = (published: number[], of = sweep) =>
    chooseTemperatures(of, published)
      .map(({ temperature, chosenFor }) => [temperature, chosenFor]);
  assert.deepEqual(chosen([1.8, 0.7, 1.8]), [
    [0.5, MOST_DIFFERENT_CELLS],
    [0.7, AS_PUBLISHED], // not in the sweep, and no choice
    [0.8, "absolute uniqueness (published)"],
    [0.9, "absolute novelty (strict)"],
    [1, "absolute novelty (published)"],
    [1.8, AS_PUBLISHED],
  ]);
  // One temperature for several reasons is reported once.
  assert.deepEqual(chosen([0.5], sweep.slice(0, 1)), [[
    0.5,
    [
      "as published",
      "absolute uniqueness (published)",
      "absolute novelty (published)",
      "absolute uniqueness (strict)",
      "absolute novelty (strict)",
    ].join("; "),
  ]]);
  assert.throws(() => chooseTemperatures([], [1]), RangeError);
});

Deno.test("aimedSettings() has all aims at one temperature", () => {
  assert.deepEqual(aimedSettings(cycling, 0.9), [
    { temperature: 0.9, aim: "distinct" },
    { temperature: 0.9, aim: "unique" },
    { temperature: 0.9, aim: "novel" },
  ]);
  // Codes in several tokens cannot be drawn without replacement.
  const spelled = Object.create(tokens, { single: { value: null } });
  assert.deepEqual(
    aimedSettings({ tokens: spelled }, 0.9).map(({ aim }) => aim),
    ["unique", "novel"],
  );
});

Deno.test("temperatureSettings() has few for a quick run", () => {
  assert.deepEqual(
    temperatureSettings(false).map(({ temperature }) => temperature),
    SWEEP_TEMPERATURES,
  );
  assert.equal(temperatureSettings(true).length, 3);
});

/** What a sweep gives, but for the time it took. */
const withoutTime = (points: readonly SweepPoint[]) =>
  points.map((point) => ({ ...point, seconds: 0 }));

Deno.test("sweepSampling() saves one file a setting", async () => {
  await withFolder(async (folder) => {
    const points = await sweepSampling(random, SETTINGS, {
      ...OPTIONS,
      folder,
    });
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
      [
        "temperature_0.5.json.gz",
        "temperature_1.json.gz",
        "temperature_1_top_k_3.json.gz",
        "temperature_2_top_p_0.5.json.gz",
      ],
    );
    const { key, ...saved } = await readGzipJson(
      join(folder, "temperature_0.5.json.gz"),
      "samples",
    ) as Record<string, unknown>;
    assert.deepEqual(saved, {
      generator: "Arch-LLM t=0.5",
      draws: 10,
      seconds: points[0].seconds,
      samples: points[0].samples.map((sample) =>
        typeof sample === "string" ? sample : graphText(sample)
      ),
      sentences: sentencesOf(points[0]),
    });
    assert.match(`${key}`, /^[0-9a-f]{64}$/);
    // By which the rows name it.
    for (const { samplesKey } of Object.values(points[0].rows)) {
      assert.equal(samplesKey, key);
    }
  });
});

class Killed extends Error {}

Deno.test("sweepSampling() killed goes on to the same points with the sentences it saved", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "killed");
    const reference = withoutTime(
      await sweepSampling(random, SETTINGS, {
        ...OPTIONS,
        folder: join(parent, "reference"),
      }),
    );
    const sweep = async (killAt: number, options = {}) => {
      const drawn: number[] = [];
      const points = await sweepSampling(random, SETTINGS, {
        ...OPTIONS,
        folder,
        ...options,
        onProgress: ({ done }) => {
          drawn.push(done);
          if (done === killAt) throw new Killed();
        },
      });
      return { drawn, points: withoutTime(points) };
    };
    // Killed while it draws it has saved none; later, those that were measured.
    await assert.rejects(sweep(30), Killed);
    assert.deepEqual(await sweep(Infinity), {
      drawn: [10, 20, 30, 40],
      points: reference,
    });
    for (const name of ["1_top_k_3", "2_top_p_0.5"]) {
      await Deno.remove(join(folder, `temperature_${name}.json.gz`));
    }
    assert.deepEqual(await sweep(Infinity), {
      drawn: [30, 40],
      points: reference,
    });
    // Of another seed, size or model nothing is taken.
    for (
      const options of [{ random: Random.fromSeed(5) }, { samples: 11 }]
    ) {
      assert.equal((await sweep(Infinity, options)).drawn.length, 4);
    }
    const calls: number[] = [];
    await sweepSampling({ ...random, key: "another" }, SETTINGS, {
      ...OPTIONS,
      folder,
      onProgress: ({ done }) => calls.push(done),
    });
    assert.equal(calls.length, 4);
  });
});

Deno.test("sweepSampling() with aims says how many draws each took", async () => {
  const points = await sweepSampling(
    cycling,
    [
      { temperature: 1, aim: "unique" },
      { temperature: 1, aim: "novel" },
    ],
    OPTIONS,
  );
  assert.deepEqual(
    points.map(({ rows: { strict } }) => [
      strict.method,
      strict.samples,
      strict.draws,
      strict.absoluteUniqueness,
      strict.absoluteNovelty,
    ]),
    [
      // There are two cells, of which one is novel; then 20,000 draws bring nothing.
      ["Arch-LLM, unique, t=1", 2, 20_003, 100, 50],
      ["Arch-LLM, novel, t=1", 1, 20_003, 100, 100],
    ],
  );
  const none = modelOf(() => MALFORMED);
  const aims = [{ temperature: 1, aim: "unique" }] as const;
  assert.deepEqual(await sweepSampling(none, aims, OPTIONS), []);
});

Deno.test("SWEEP_TEMPERATURES has the paper's", () => {
  for (const temperature of [0.7, 1.8, 2]) {
    assert.ok(SWEEP_TEMPERATURES.includes(temperature));
  }
  assert.deepEqual(
    SWEEP_TEMPERATURES,
    SWEEP_TEMPERATURES.toSorted((a, b) => a - b),
  );
});
