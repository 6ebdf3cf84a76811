import assert from "node:assert/strict";
import { join } from "node:path";
import { openCellModels } from "../../lib/generation/cell_model.ts";
import { T5Generator } from "../../lib/models/t5/generator.ts";
import { CODEBOOK } from "../../lib/models/vqvae/network.ts";
import { withFolder } from "../_helpers.ts";
import {
  CONFIG,
  executor,
  handMade,
  learnedModel,
  saveLearnedModel,
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

Deno.test("openCellModels() opens a model of each code, and none where one is missing", async () => {
  await withFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await saveLearnedModel({
      vqvae: at("arch-llm/vqvae"),
      t5: at("arch-llm/t5"),
    }, { epochs: 1 });
    const asked: string[] = [];
    await assert.rejects(
      openCellModels(space, (name) => {
        asked.push(name);
        return at(name);
      }, executor),
      /arch-llm-plus/,
    );
    assert.deepEqual(asked, [
      "arch-llm/vqvae",
      "arch-llm/t5",
      "arch-llm-plus/vqvae",
      "arch-llm-plus/t5",
    ]);
    const models = await openCellModels(
      space,
      (name) => at(name.replace("-plus", "")),
      executor,
    );
    assert.deepEqual(Object.keys(models), ["arch-llm", "arch-llm-plus"]);
    assert.equal(models["arch-llm"].key, models["arch-llm-plus"].key);
    for (const model of Object.values(models)) await model.dispose();
  });
});
