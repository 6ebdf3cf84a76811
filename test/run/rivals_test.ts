import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../../lib/core/files.ts";
import {
  recordedRivals,
  recordedRivalsPath,
} from "../../lib/run/recorded_rivals.ts";
import { runRivals } from "../../lib/run/rivals.ts";
import { modelFolder } from "../../lib/run/folders.ts";
import { checkRunSettings, resultsFolder } from "../../lib/run/settings.ts";
import type { SearchRow } from "../../lib/search/rows.ts";
import { withFolder } from "../_helpers.ts";

const ONLY = "gaussian-process-parameters-as-prior";

Deno.test("runRivals() writes rows with what they cost, once, beside the published ones", () =>
  withFolder(async (root) => {
    const settings = checkRunSettings({
      space: "nasbench201",
      quick: true,
      trials: 1,
      device: "cpu",
      root,
    });
    const run = async (only?: string[]) => {
      const lines: string[] = [];
      const folder = await runRivals(settings, {
        only,
        onLine: (line) => void lines.push(line),
      });
      return { folder, lines };
    };
    await assert.rejects(
      run(["no-search"]),
      /^RangeError: Cannot reproduce: --only must name some of bo-dngo, .*, got no-search$/,
    );
    const { folder, lines } = await run([ONLY]);
    assert.equal(lines.length, 1 + 3);
    const path = join(folder, "tables", "search_rivals.json");
    const rows = await readJson<SearchRow[]>(path, "rows");
    const measured = rows.filter(({ source }) => source !== "paper");
    assert.ok(rows.length > measured.length);
    assert.equal(measured.length, 1);
    assert.equal(measured[0].method, "Gaussian process, parameters as prior");
    assert.ok(Number(measured[0]["CPU seconds"]) > 0);
    assert.ok(Number(measured[0]["peak MiB"]) > 10);
    assert.ok(Number(measured[0]["cifar10 validation"]) > 80);
    // What was run is not run again, and keeps what it cost.
    const again = await run([ONLY]);
    assert.deepEqual(again.lines.slice(1), []);
    assert.deepEqual(await readJson(path, "rows"), rows);
    assert.equal(recordedRivalsPath(settings), join(folder, "rivals.json"));
    assert.deepEqual((await recordedRivals(settings))!.rows, rows);
    // What was recorded of others stays, in the order of the searches.
    await run(["weak-predictors"]);
    const both = (await recordedRivals(settings))!.rows;
    assert.deepEqual(
      both.map(({ method }) => method),
      [
        ...rows.slice(0, -1).map(({ method }) => method),
        "Weak predictors",
        "Gaussian process, parameters as prior",
      ],
    );
    assert.deepEqual(both.at(-1), rows.at(-1));
    assert.ok(!existsSync(modelFolder(resultsFolder(settings), "ag-net")));
  }));
