/**
 * The golden run: figures of every part that declares a `VERSION`, held against a fixture.
 *
 * Results are kept by the versions that parts declare, not by the text of their source. So
 * a change of figures without a new version would leave old results standing beside new
 * ones; here it fails.
 *
 * `deno task golden` writes the fixture anew for parts whose version was raised, and refuses
 * those whose figures changed without one.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson, writeJson } from "../lib/core/files.ts";
import { PROJECT_ROOT } from "../lib/core/project.ts";
import {
  type Figures,
  GOLDEN_PARTS,
  type GoldenPart,
} from "./_golden_parts.ts";

/** What the fixture holds of a part. */
export interface GoldenRecord {
  /** `VERSION` by module. */
  readonly versions: Readonly<Record<string, number>>;
  readonly figures: Figures;
}

/** Parts by name. */
export type GoldenRecords = Readonly<Record<string, GoldenRecord>>;

const FIXTURE = fileURLToPath(
  new URL("fixtures/golden.json", import.meta.url),
);

/** Machines differ in the last digits, and these grow in a training. */
const TOLERANCE = 1e-3;

const COMMAND = "deno task golden";

/** The records of the fixture. */
export function goldenRecords(): Promise<GoldenRecords> {
  return readJson(FIXTURE, "golden run");
}

/** Runs a part. */
export async function runPart(part: GoldenPart): Promise<GoldenRecord> {
  const versions: Record<string, number> = {};
  for (const path of part.modules) {
    const { VERSION } = await import(join(PROJECT_ROOT, path));
    if (!Number.isInteger(VERSION)) {
      throw new TypeError(
        `Cannot run ${part.name}: ${path} must export a whole VERSION, got ${VERSION}`,
      );
    }
    versions[path] = VERSION;
  }
  return { versions, figures: await part.run() };
}

/**
 * What is wrong with a part, in one sentence; null if nothing is.
 *
 * @param fixture Undefined where the fixture has no such part.
 */
export function goldenProblem(
  name: string,
  fixture: GoldenRecord | undefined,
  { versions, figures }: GoldenRecord,
): string | null {
  if (fixture === undefined) {
    return `${name} is new: write its figures into the fixture (${COMMAND})`;
  }
  const paths = Object.keys(versions);
  const raised = paths.find((path) =>
    fixture.versions[path] !== versions[path]
  );
  if (
    raised !== undefined || Object.keys(fixture.versions).length > paths.length
  ) {
    return `${name}: ${raised ?? "its modules"} declares version ${
      versions[raised ?? paths[0]]
    }, but the fixture has the figures of version ${
      fixture.versions[raised ?? paths[0]] ?? "none"
    }: write it anew (${COMMAND})`;
  }
  const names = [
    ...new Set([...Object.keys(fixture.figures), ...Object.keys(figures)]),
  ];
  const changed = names.find((figure) =>
    !_alike(fixture.figures[figure], figures[figure])
  );
  if (changed === undefined) return null;
  return `${name}: "${changed}" was ${fixture.figures[changed]} and is ${
    figures[changed]
  }: raise VERSION in ${
    paths.join(" or ")
  } and write the fixture anew (${COMMAND}), or mend the change`;
}

function _alike(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return Object.is(a, b) ||
    Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * The fixture as it should be: figures of a part whose version was raised are new ones, those
 * of a part that is gone are dropped, all others stay to the last digit.
 *
 * @throws {Error} If figures changed without a new version.
 */
export function updatedRecords(
  fixture: GoldenRecords,
  run: GoldenRecords,
): GoldenRecords {
  return Object.fromEntries(
    Object.entries(run).map(([name, record]) => {
      const before = fixture[name];
      const problem = goldenProblem(name, before, record);
      if (problem === null) return [name, before];
      const same = before !== undefined &&
        Object.entries(record.versions).every(([path, version]) =>
          before.versions[path] === version
        );
      if (same) throw new Error(`Cannot write the golden run: ${problem}`);
      return [name, record];
    }),
  );
}

if (import.meta.main) {
  const run: Record<string, GoldenRecord> = {};
  for (const part of GOLDEN_PARTS) run[part.name] = await runPart(part);
  const fixture = await goldenRecords().catch(() => ({}));
  try {
    await writeJson(FIXTURE, updatedRecords(fixture, run));
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
