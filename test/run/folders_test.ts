import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileAtomic } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import {
  defaultRunName,
  handRunName,
  hasModel,
  isHandRun,
  isRunName,
  modelSources,
  recordFolder,
  runFolder,
  shownPath,
} from "../../lib/run/folders.ts";
import { SPACES } from "../../lib/spaces/registry.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("runs and records never share a folder, whatever the space and the name", () => {
  for (const { name: space } of SPACES) {
    const record = recordFolder("/o", space);
    assert.equal(record, join("/o", space));
    for (const quick of [false, true]) {
      const name = defaultRunName({ space, seed: 3, quick });
      assert.ok(isRunName(name) && !isHandRun(name));
      assert.ok(runFolder("/o", name).startsWith(join("/o", "runs", space)));
    }
    assert.ok(isRunName(handRunName(space)) && isHandRun(handRunName(space)));
    assert.notEqual(runFolder("/o", space), record);
  }
});

Deno.test("isRunName() takes what is one visible folder", () => {
  for (const name of ["a", "nasbench201-seed0", "A_1.2-b", "-"]) {
    assert.ok(isRunName(name), name);
  }
  for (const name of ["", ".", "..", ".a", "a/b", "a\\b", "a b", "é", "a\n"]) {
    assert.ok(!isRunName(name), JSON.stringify(name));
  }
});

Deno.test("modelSources() end with the first run that has the codes' own VQ-VAE", async () => {
  await withFolder(async (root) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => join(root, name));
    const train = (outputs: string, name: string) =>
      writeFileAtomic(join(outputs, "models", name, "model.safetensors"), "");
    const sources = (name: string) => modelSources(name, [a, b, c]);
    assert.deepEqual(sources("x/t5"), [a, b, c]);
    await train(b, "x/vqvae");
    await train(c, "x/t5");
    assert.ok(hasModel(c, "x/t5") && !hasModel(b, "x/t5"));
    assert.deepEqual(sources("x/t5"), [a, b]);
    assert.deepEqual(sources("x/vqvae"), [a, b]);
    assert.deepEqual(sources("y/t5"), [a, b, c]);
  });
});

Deno.test("shownPath() is short within the project", () => {
  assert.equal(shownPath(join(PROJECT_ROOT, "outputs")), "outputs");
  assert.equal(shownPath("/somewhere/else"), "/somewhere/else");
});
