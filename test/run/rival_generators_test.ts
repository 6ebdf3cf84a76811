import assert from "node:assert/strict";
import { join } from "node:path";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import { readJson } from "../../lib/core/files.ts";
import {
  recordedGenerators,
  runRivalGenerators,
} from "../../lib/run/rival_generators.ts";
import { recordedGeneratorsPath } from "../../lib/run/recorded_rivals.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("runRivalGenerators() trains once, and leaves rows of both protocols with what they cost", () =>
  withFolder(async (root) => {
    const settings = checkRunSettings({
      ...{ space: "nasbench201", quick: true, device: "cpu", root },
    });
    // What the project has recorded is shown until the run has its own.
    const isOwn = () =>
      recordedGeneratorsPath(settings)?.startsWith(root) ?? false;
    assert.ok(!isOwn());
    let steps = 0;
    const run = () =>
      runRivalGenerators(settings, {
        only: ["dvae", "svge", "diffusion"],
        onProgress: () => {
          steps++;
        },
      });
    const folder = await run();
    assert.ok(steps > 0);
    assert.ok(isOwn());
    const rows = await readJson<ResultRow[]>(
      join(folder, "tables", "generation_rivals.json"),
      "rows",
    );
    const measured = rows.filter(({ source }) => source !== "paper");
    const { samples } = settings;
    assert.deepEqual(
      [...new Set(measured.map(({ method }) => method))],
      [
        ...["D-VAE", "SVGe"].flatMap((name) => [
          ...[`${name}, ${samples / 10} × 10`, `${name}, ${samples} × 1`],
        ]),
        "Diffusion",
      ],
    );
    for (const { method, reconstruction } of measured) {
      assert.equal(reconstruction === null, method === "Diffusion");
    }
    const { costs } = (await recordedGenerators(settings))!;
    assert.deepEqual(
      costs.map(({ name, epochs, cells }) => ({ name, epochs, cells })),
      [
        { name: "D-VAE", epochs: 1, cells: 96 },
        { name: "SVGe", epochs: 1, cells: 96 },
        { name: "Diffusion", epochs: 2, cells: 2000 },
      ],
    );
    steps = 0;
    await run();
    assert.equal(steps, 0, "it is trained");
    assert.deepEqual(
      await readJson(join(folder, "tables", "generation_rivals.json"), "rows"),
      rows,
    );
  }));
