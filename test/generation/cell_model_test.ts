import assert from "node:assert/strict";
import { T5Generator } from "../../lib/models/t5/generator.ts";
import { CODEBOOK } from "../../lib/models/vqvae/network.ts";
import {
  CONFIG,
  handMade,
  learnedModel,
  space,
} from "../models/_learned_model.ts";

const model = await learnedModel();

Deno.test("openCellModel() opens what was saved", () => {
  assert.deepEqual(model.vqvae.config, CONFIG);
  assert.ok(model.generator instanceof T5Generator);
  assert.equal(model.generator.config.d_model, 32);
  assert.equal(model.tokens.tokenizer.name, "codes");
  assert.equal(model.tokens.length, CONFIG.nodes);
  assert.equal(model.tokens.codebookSize, CONFIG.codebookSize);
  assert.equal(model.space, space);
  assert.match(model.key, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    model.codebook,
    handMade().weights.parameters[CODEBOOK].data,
  );
});

Deno.test("disposing a model frees both of its parts", async () => {
  const freed: string[] = [];
  for (const part of ["generator", "vqvae"] as const) {
    const dispose = model[part].dispose.bind(model[part]);
    model[part].dispose = () => {
      freed.push(part);
      return dispose();
    };
  }
  {
    await using _ = model;
  }
  assert.deepEqual(freed.sort(), ["generator", "vqvae"]);
});
