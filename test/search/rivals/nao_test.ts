/**
 * NAO's network against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_rival_fixtures.py`.
 */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { scalar } from "../../../lib/core/tensors.ts";
import { CellTokens } from "../../../lib/search/rivals/nao.ts";
import {
  initialNao,
  naoAscent,
  naoLoss,
} from "../../../lib/search/rivals/nao_network.ts";
import { cellAt } from "../../../lib/spaces/cell.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";
import { cell, SPACE } from "../_tables.ts";
import { assertSameStep, executor, readFixture } from "./_fixtures.ts";

const fixture = await readFixture<
  { readonly loss: number; readonly learningRate: number }
>("nao");

Deno.test("naoLoss(), its gradients and a step of Adam equal PyTorch's", async () => {
  const sizes = { tokens: 6, embedding: 3, hidden: 4, predictor: 5 };
  const shapes = (of: ReturnType<typeof fixture.part>) =>
    Object.entries(of).map(([name, { shape }]) => [name, shape]).sort();
  assert.deepEqual(
    shapes(initialNao(sizes, Random.fromSeed(0))),
    shapes(fixture.part("parameter")),
  );
  await assertSameStep(fixture, naoLoss);
});

Deno.test("naoAscent() writes what PyTorch writes", async () => {
  const ascent = executor.compile(naoAscent, { name: "ascent" });
  const state = executor.state(fixture.part("parameter"));
  const { tokens } = fixture.part("input");
  const moved = await ascent.run(state, { tokens, length: scalar(10) });
  const expected = fixture.part("moved");
  assertClose(moved.predicted.data, expected.predicted.data, ACROSS_BACKENDS);
  assert.deepEqual([...moved.tokens.data], [...expected.tokens.data]);
  state.dispose();
  await ascent.dispose();
});

Deno.test("CellTokens write cells and read them back, and read nothing where there is no cell", async () => {
  const cells = Array.from({ length: 200 }, (_, i) => cell(77 * i));
  const tokens = new CellTokens(SPACE, cells);
  assert.equal(tokens.length, 6);
  for (const one of cells) {
    assert.equal(tokens.cell(tokens.of(one))?.key, one.key);
  }
  // A bit where an operation belongs.
  assert.equal(tokens.cell([1, ...tokens.of(cells[0]).slice(1)]), null);
  const larger = getSpace("nasbench101");
  await larger.prepare();
  const others = Array.from(
    { length: 200 },
    (_, i) => cellAt(larger, 2017 * i),
  );
  const longer = new CellTokens(larger, others);
  assert.ok(longer.length > 20 && longer.length <= 28, `${longer.length}`);
  for (const one of others) {
    assert.equal(longer.cell(longer.of(one))?.key, one.key);
  }
});
