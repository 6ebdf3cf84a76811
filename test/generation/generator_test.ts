import assert from "node:assert/strict";
import { join } from "node:path";
import { readGzipJson } from "../../lib/core/gzip.ts";
import { Random } from "../../lib/core/random.ts";
import {
  type CellGenerator,
  measureGenerator,
} from "../../lib/generation/generator.ts";
import type { Sample } from "../../lib/metrics/generation.ts";
import { type Graph, graphText } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph, type MetricMode } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const space = getSpace("nasbench201");
const { train, validation } = space.split();

/**
 * Copies cells of the space: known ones and new ones in turn, every fifth sample is none. Of
 * ten cells that it reconstructs, node 1 of the first three comes back as something else.
 */
class Copier implements CellGenerator {
  readonly name = "Copier";
  readonly key: string;
  readonly settings: CellGenerator["settings"] = { topK: null };
  calls = 0;
  reconstructed = 0;

  constructor(key = "copier") {
    this.key = key;
  }

  reconstruct(cells: ArrayLike<number>) {
    this.reconstructed = cells.length;
    const table = space.cells();
    const rows = Array.from(
      { length: cells.length * 8 },
      (_, i) => 8 * cells[Math.floor(i / 8)] + i % 8,
    );
    return Promise.resolve({
      ops: Int32Array.from(
        rows,
        (at, i) =>
          i % 80 < 24 && i % 8 === 1 ? table.ops[at] % 5 + 1 : table.ops[at],
      ),
      incoming: Uint32Array.from(rows, (at) => table.incoming[at]),
    });
  }

  sample(count: number, { random }: { random: Random }) {
    this.calls++;
    const samples = Array.from({ length: count }, (_, i): Sample => {
      if (i % 5 === 4) return "wrong length";
      const from = i % 2 === 0 ? train : validation;
      return cellGraph(space.cells(), from[random.integer(from.length)]);
    });
    return Promise.resolve({ samples, draws: 2 * count });
  }
}

const measure = (generator: CellGenerator, options: object = {}) =>
  measureGenerator(space, generator, {
    samples: 10,
    random: Random.fromSeed(1),
    ...options,
  });

Deno.test("measureGenerator() makes a row for each reading of any generator", async () => {
  const copier = new Copier();
  const measured = await measure(copier, { seed: 3, note: "copies" });
  // Samples 4 and 9 are malformed; of the other eight, 1, 3, 5 and 7 are no training cells.
  const { paper, strict } = measured!.rows;
  const shared = {
    method: "Copier",
    source: "measured",
    topK: null,
    seed: 3,
    draws: 20,
    samples: 10,
    note: "copies",
    validity: 80,
    uniqueness: 100,
    absoluteUniqueness: 80,
    novelty: 50,
    absoluteNovelty: 40,
  };
  const { byStructure } = measured!.reports.strict;
  assert.deepEqual(strict, {
    ...shared,
    mode: "strict",
    reconstruction: 100 * (1563 - 471) / 1563,
    structureUniqueness: byStructure!.uniqueness,
    structureAbsoluteUniqueness: byStructure!.absoluteUniqueness,
    structureNovelty: byStructure!.novelty,
    structureAbsoluteNovelty: byStructure!.absoluteNovelty,
  });
  assert.equal(paper.mode, "paper");
  // Of 1,563 cells 3 · 156 + 3 come back otherwise, each in one of 8 operations.
  assert.equal(
    paper.reconstruction,
    (100 * (12_504 - 471) / 12_504 + 100) / 2,
  );
  assert.equal(measured!.reports.strict.malformed["wrong length"], 2);
  assert.equal(copier.reconstructed, validation.length);
});

Deno.test("measureGenerator() takes a reconstruction that is known", async () => {
  const copier = new Copier();
  const known = {
    cells: 1,
    ops: 1,
    edges: 1,
    elementwise: 1,
    wholeGraph: 2,
  };
  const measured = await measure(copier, { reconstruction: known });
  assert.equal(measured!.rows.strict.reconstruction, 2);
  assert.equal(copier.reconstructed, 0);
});

Deno.test("measureGenerator() judges as the generator's authors do, and says what they and the run note", async () => {
  class Stern extends Copier {
    override readonly settings = { topK: null, cut: false, note: "stern" };
    invalidReason(graph: Graph, mode: MetricMode) {
      return mode === "paper"
        ? "disconnected"
        : space.invalidReason(graph, mode);
    }
  }
  const measured = await measure(new Stern(), { note: "copies" });
  const { paper, strict } = measured!.rows;
  assert.equal(paper.validity, 0);
  assert.equal(measured!.reports.paper.reasons.disconnected, 8);
  assert.equal(strict.validity, 80);
  assert.equal(strict.note, "stern copies");
  assert.equal(strict.cut, false);
});

Deno.test("measureGenerator() has nothing to say where nothing was made", async () => {
  const silent = new Copier();
  silent.sample = () => Promise.resolve({ samples: [], draws: 7 });
  await withFolder(async (folder) => {
    const file = join(folder, "samples.json.gz");
    assert.equal(await measure(silent, { file }), null);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("measureGenerator() saves what came back otherwise, under a key that its rows have", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "samples.json.gz");
    const { paper, strict } = (await measure(new Copier(), { file }))!.rows;
    const { key, cells, decoded } = await readGzipJson(
      join(folder, "samples_reconstruction.json.gz"),
      "cells",
    ) as { key: string; cells: number; decoded: Record<string, string> };
    assert.equal(cells, validation.length);
    assert.deepEqual([paper, strict].map((row) => row.reconstructionKey), [
      key,
      key,
    ]);
    assert.equal(Object.keys(decoded).length, 471);
    const { ops, incoming } = cellGraph(space.cells(), validation[12]);
    ops[1] = ops[1] % 5 + 1;
    assert.equal(decoded[12], graphText({ ops, incoming }));
    // Of another model there is another file.
    const other = (await measure(new Copier("another"), { file }))!;
    assert.notEqual(other.rows.strict.reconstructionKey, key);
  });
});

Deno.test("measureGenerator() goes on from the samples it saved, of the same generator and draws alone", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "samples.json.gz");
    const first = await measure(new Copier(), { file });
    const again = new Copier();
    assert.deepEqual(await measure(again, { file }), first);
    assert.equal(again.calls, 0);
    for (
      const [key, options] of [
        ["another", {}],
        ["copier", { samples: 9 }],
        ["copier", { random: Random.fromSeed(2) }],
      ] as const
    ) {
      const other = new Copier(key);
      await measure(other, { file, ...options });
      assert.equal(other.calls, 1, key);
      await measure(new Copier(), { file });
    }
  });
});
