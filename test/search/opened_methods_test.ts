import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../lib/core/random.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { methodNames, openMethod } from "../../lib/search/opened_methods.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { DARTS } from "../../lib/spaces/darts/space.ts";
import { withFolder } from "../_helpers.ts";
import { SPACE, TABLE } from "./_tables.ts";
import { executor } from "./rivals/_fixtures.ts";

Deno.test("methodNames() are of notebook 7's methods and of other papers', each once", () => {
  const names = methodNames(SPACE, executor);
  assert.equal(new Set(names).size, names.length);
  for (const name of ["Random search", "Arch-LLM+ search", "NAO", "AG-Net"]) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!methodNames(DARTS, executor).includes("AG-Net"));
});

Deno.test("openMethod() opens searches of other papers, and trains the model of one that needs it", () =>
  withFolder(async (folder) => {
    const trained: string[] = [];
    const open = (name: string) =>
      openMethod(SPACE, name, {
        folder: (name) => assert.fail(name),
        training: {
          ...{ executor, seed: 0, quick: true },
          newModel: (name) => {
            trained.push(name);
            return join(folder, name);
          },
        },
      });
    for (
      const [name, models] of [
        ["Regularised evolution", []],
        ["Gaussian process, parameters as prior", []],
        ["AG-Net", ["ag-net/checkpoint.safetensors"]],
        ["Gaussian process, arch2vec", [
          "arch2vec/published/checkpoint.safetensors",
        ]],
      ] as const
    ) {
      trained.length = 0;
      await using method = await open(name);
      assert.equal(method.name, name);
      assert.deepEqual(trained, models);
      const oracle = new Oracle(SPACE, new TableEvaluator(TABLE), 18);
      await method.search(oracle, Random.fromSeed(0));
      assert.equal(oracle.history.length, 18, name);
    }
    await assert.rejects(
      open("Luck"),
      /^RangeError: Cannot search: the method must be one of Random search; .*; AG-Net; .*, got Luck$/,
    );
  }));
