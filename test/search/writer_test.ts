import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import { CodeTokens } from "../../lib/language/code_tokens.ts";
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
import { modelWriter } from "../../lib/search/writer.ts";
import { cellAt, cellOf } from "../../lib/spaces/cell.ts";
import type { Graph } from "../../lib/spaces/graph.ts";
import {
  cellGraph,
  type EnumeratedSpace,
  type SearchSpace,
} from "../../lib/spaces/space.ts";
import type { DecodedCells } from "../../lib/spaces/tensors.ts";
import { SPACE } from "./_tables.ts";

const CONFIG = { ...vqvaeConfig(SPACE), codebookSize: 64 };
const executor = await eagerExecutor("cpu");
const folder = await Deno.makeTempDir();
await writeCodesTokenizer(folder, { codebookSize: 64 });
const tokenizer = await loadTokenizer(folder);
await Deno.remove(folder, { recursive: true });
const tokens = new CodeTokens(tokenizer, { length: 8, codebookSize: 64 });

/** Codes are operations. */
class OperationVqvae extends Vqvae {
  constructor() {
    super(CONFIG, executor, executor.state({}));
  }

  override encodeGraphs(_space: SearchSpace, graphs: readonly Graph[]) {
    const codes = Int32Array.from(graphs.flatMap(({ ops }) => [...ops]));
    return Promise.resolve({ codes, z: new Float32Array() });
  }

  override decode(codes: Int32Array): Promise<DecodedCells> {
    const { incoming } = cellGraph(SPACE.cells(), 0);
    return Promise.resolve({
      ops: codes,
      incoming: Uint32Array.from(codes, (_, i) => incoming[i % 8]),
    });
  }
}

const CONV = SPACE.ops.indexOf("conv3x3");

/** Puts a 3×3 convolution into each mask, or writes cells of such alone; every third is cut short. */
class ConvolutionGenerator extends T5Generator {
  readonly prompts: string[] = [];

  constructor() {
    super({ config: T5_MINI, weights: {} }, executor);
  }

  override generateEach(
    { ids, rows, length }: TokenBatch,
    [{ temperature }]: readonly DrawOptions[],
    { maxTokens }: WritingLimits,
  ): Promise<Int32Array[]> {
    assert.equal(temperature, 0.7);
    const sentences = Array.from({ length: rows }, (_, row) => {
      const text = tokenizer.decode(
        ids.subarray(row * length, (row + 1) * length),
      );
      this.prompts.push(text);
      const masks = text.match(/<extra_id_\d+>/g) ?? [];
      const words = masks.length > 0
        ? masks.flatMap((mask) => [mask, `${CONV}`])
        : ["0", ...new Array(6).fill(`${CONV}`), "6"];
      return row % 3 === 2 ? words.slice(0, -1) : words;
    });
    return Promise.resolve([tokenizer.encodeBatch(sentences, maxTokens).ids]);
  }
}

function writer(space: SearchSpace = SPACE) {
  const generator = new ConvolutionGenerator();
  const model = {
    space,
    vqvae: new OperationVqvae(),
    generator,
    tokens,
  };
  return { generator, ...modelWriter(model, { temperature: 0.7 }) };
}

const ALL_CONVOLUTIONS = cellOf(SPACE, {
  ...cellGraph(SPACE.cells(), 0),
  ops: Uint8Array.from([0, ...new Array(6).fill(CONV), 6]),
})!;

Deno.test("modelWriter() writes cells, and leaves out what is none", async () => {
  const cells = await writer().generate(7, Random.fromSeed(0));
  // Two of seven are cut short.
  assert.deepEqual(cells, new Array(5).fill(ALL_CONVOLUTIONS));
});

Deno.test("modelWriter() fills masks and keeps the rest of each cell", async () => {
  const { fill, generator } = writer();
  const given = Array.from({ length: 30 }, (_, i) => cellAt(SPACE, 500 * i));
  const cells = await fill(given, Random.fromSeed(3));
  assert.equal(generator.prompts.length, 30);
  assert.ok(
    generator.prompts.every((text) => /^fill:.*<extra_id_0>/.test(text)),
  );
  // A masked end becomes a convolution, and the decode no cell of the space.
  assert.equal(cells.length, 30);
  const count = cells.filter((cell) => cell !== null).length;
  assert.ok(count > 0 && count < 20);
  for (const [at, cell] of cells.entries()) {
    if (cell === null) continue;
    const { graph: { ops }, index } = cell;
    assert.ok(
      ops.every((op, i) => op === CONV || op === given[at].graph.ops[i]),
    );
    assert.notEqual(index, null);
  }
  assert.deepEqual(await fill([], Random.fromSeed(3)), []);
});

Deno.test("modelWriter() writes cells of a space whose cells are not listed", async () => {
  const { indexOf: _, ...sampled } = SPACE as EnumeratedSpace;
  const { generate, fill } = writer(sampled);
  const cells = await generate(4, Random.fromSeed(0));
  assert.deepEqual(cells.map(({ key, index }) => [key, index]), [
    [ALL_CONVOLUTIONS.key, null],
    [ALL_CONVOLUTIONS.key, null],
    [ALL_CONVOLUTIONS.key, null],
  ]);
  const variants = (await fill(cells, Random.fromSeed(3), 1))
    .filter((cell) => cell !== null);
  assert.ok(variants.length > 0);
  for (const { index } of variants) assert.equal(index, null);
});

Deno.test("modelWriter() masks by its random numbers alone", async () => {
  const given = [100, 2000, 7000, 9999].map((cell) => cellAt(SPACE, cell));
  const prompts = async (seed: number) => {
    const { fill, generator } = writer();
    await fill(given, Random.fromSeed(seed));
    return generator.prompts;
  };
  assert.deepEqual(await prompts(1), await prompts(1));
  assert.notDeepEqual(await prompts(1), await prompts(2));
});
