import assert from "node:assert/strict";
import {
  cellRepresentations,
  codeVectors,
  drawSome,
} from "../../lib/analysis/representations.ts";
import { Random } from "../../lib/core/random.ts";
import { Arch2vec } from "../../lib/models/arch2vec/arch2vec.ts";
import { arch2vecConfig } from "../../lib/models/arch2vec/config.ts";
import { initialArch2vecWeights } from "../../lib/models/arch2vec/network.ts";
import {
  executor,
  learnedModel,
  NODES,
  space,
} from "../models/_learned_model.ts";

const model = await learnedModel();

Deno.test("codeVectors() puts the vectors of codes side by side", () => {
  const vqvae = Object.create(model.vqvae, {
    config: { value: { ...model.vqvae.config, latentDim: 2 } },
  });
  assert.deepEqual(
    codeVectors({ vqvae, codebook: Float32Array.of(0, 1, 2, 3, 4, 5) }, [2, 0]),
    Float32Array.of(4, 5, 0, 1),
  );
});

Deno.test("drawSome() draws without repeats, by its random numbers alone", () => {
  const cells = Uint32Array.from({ length: 50 }, (_, i) => 3 * i);
  const drawn = drawSome(cells, 20, Random.fromSeed(0));
  assert.equal(new Set(drawn).size, 20);
  assert.ok(drawn.every((cell) => cells.includes(cell)));
  assert.deepEqual(drawSome(cells, 20, Random.fromSeed(0)), drawn);
  assert.notDeepEqual(drawSome(cells, 20, Random.fromSeed(1)), drawn);
  assert.equal(drawSome(cells, 99, Random.fromSeed(0)).length, 50);
});

Deno.test("cellRepresentations() has a vector of each cell under each name", async () => {
  const config = arch2vecConfig(space);
  const arch2vec = new Arch2vec(
    { config, weights: initialArch2vecWeights(config, Random.fromSeed(0)) },
    executor,
  );
  const cells = Uint32Array.of(5, 700, 12_000);
  const vectors = await cellRepresentations(space, [model], arch2vec, cells);
  assert.deepEqual(Object.keys(vectors), [
    "Arch-LLM codes",
    "arch2vec",
    "one-hot",
    "paths and subtrees",
  ]);
  for (const [name, rows] of Object.entries(vectors)) {
    assert.equal(rows.length, 3, name);
    const texts = rows.map(({ ids, values }) => {
      assert.equal(ids.length, values.length);
      return `${ids} ${values}`;
    });
    // The hand-made encoder is a random one, and may not tell cells apart.
    if (name !== "Arch-LLM codes") assert.equal(new Set(texts).size, 3, name);
  }
  const { codes } = await model.vqvae.encode(space, cells);
  const width = model.vqvae.config.latentDim * NODES;
  assert.deepEqual(
    vectors["Arch-LLM codes"][1].values,
    codeVectors(model, codes).slice(width, 2 * width),
  );
  await arch2vec.dispose();
});
