import assert from "node:assert/strict";
import { join } from "node:path";
import { changedCode, gitState } from "../../lib/run/git.ts";
import { withFolder } from "../_helpers.ts";
import { oneCell, withCheckout } from "./_checkout.ts";

Deno.test("gitState() is null where there is no checkout", async () => {
  await withFolder(async (folder) => {
    assert.equal(await gitState(folder), null);
    assert.equal(await gitState(join(folder, "gone")), null);
  });
});

Deno.test("changedCode() tells code from prose, outputs and the rest", async () => {
  await withCheckout(async ({ folder, write, commit }) => {
    const first = (await gitState(folder))!.commit;
    const changed = () => changedCode(first, folder);
    assert.deepEqual(await gitState(folder), {
      commit: first,
      modified: false,
    });

    await write("README.md", "Other");
    await write("outputs/space/tables/t.md", "a table");
    await write("notebooks/1_a.ipynb", oneCell("1;", "an output", "# Prose"));
    assert.deepEqual(await changed(), []);

    await write("lib/a.ts", "export const a = 2;");
    await write("lib/new.ts", "");
    await write("deno.json", "{ }");
    await write("notebooks/1_a.ipynb", oneCell("2;"));
    await write("notebooks/2_b.ipynb", oneCell("1;"));
    const all = [
      "deno.json",
      "lib/a.ts",
      "lib/new.ts",
      "notebooks/1_a.ipynb",
      "notebooks/2_b.ipynb",
    ];
    assert.deepEqual(await changed(), all);
    assert.deepEqual(await gitState(folder), { commit: first, modified: true });

    // Committed, it is another commit, whose code differs from the first all the same.
    const second = await commit();
    assert.deepEqual(await gitState(folder), {
      commit: second,
      modified: false,
    });
    assert.deepEqual(await changed(), all);
    assert.equal(await changedCode("0".repeat(40), folder), null);
  });
});
