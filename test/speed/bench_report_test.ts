import assert from "node:assert/strict";
import { tableMarkdown } from "../../lib/report/tables.ts";
import {
  benchmarkRows,
  benchmarkTable,
  contextLines,
} from "../../lib/speed/bench_report.ts";
import { type BenchmarkResult, median } from "../../lib/speed/measure.ts";

const RESULT: BenchmarkResult = {
  title: "A step",
  unit: "examples",
  epoch: 1000,
  notes: ["A note."],
  load: [0.5, 1.5],
  contenders: [
    { name: "ours", perStep: 10, rates: [100, 300, 200], compileSeconds: 0.5 },
    {
      name: "theirs",
      perStep: 10,
      rates: [50, 100, 200],
      compileSeconds: null,
    },
    {
      name: "absent",
      perStep: 10,
      rates: [],
      compileSeconds: null,
      missing: "needs PyTorch",
    },
  ],
};

Deno.test("median() is the middle, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("benchmarkRows() takes ratios round by round", () => {
  const [ours, theirs, absent] = benchmarkRows(RESULT);
  assert.equal(ours.ratio, 1);
  assert.equal(ours.stepMs, 50); // 10 examples at 200/s
  assert.equal(ours.epochSeconds, 5); // 1,000 at 200/s
  assert.equal(theirs.ratio, 2); // of 2, 3 and 1
  assert.ok(Number.isNaN(absent.rate));
});

Deno.test("benchmarkTable() says what was not measured and why", () => {
  const text = tableMarkdown(benchmarkTable(RESULT));
  assert.match(text, /\|theirs\|100\|50 – 200\|2\.00×\|/);
  assert.match(text, /\|absent\|–\|–\|–\|/);
  assert.match(text, /absent: not measured, needs PyTorch\./);
  assert.match(text, /A note\./);
});

Deno.test("benchmarkTable() shows peak memory where it was measured", () => {
  const [ours, theirs, absent] = RESULT.contenders;
  const text = tableMarkdown(benchmarkTable({
    ...RESULT,
    contenders: [
      { ...ours, peakMemoryBytes: 1.234e9 },
      { ...theirs, peakMemoryBytes: null },
      absent,
    ],
  }));
  assert.match(text, /\|peak memory, GB\|/);
  assert.match(text, /\|ours\|.*\|1\.23\|/);
  assert.doesNotMatch(text, /compile, s/);
  assert.doesNotMatch(tableMarkdown(benchmarkTable(RESULT)), /peak memory/);
});

Deno.test("contextLines() names machine, versions and rounds", () => {
  const lines = contextLines({
    date: "2026-01-02T03:04:05Z",
    rounds: 3,
    machine: {
      system: "linux",
      processor: "a processor",
      cores: 2,
      memoryBytes: 2 ** 34,
    },
    versions: { deno: "1.2.3", torch: null },
    pytorch: null,
  }, [RESULT]);
  assert.equal(
    lines[0],
    "2026-01-02; a processor, 2 cores, 16 GiB, linux; load average 0.5 to 1.5 with our own.",
  );
  assert.equal(lines[1], "Deno 1.2.3.");
  assert.match(lines[2], /^Medians of 3 rounds/);
});
