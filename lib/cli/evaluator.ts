/**
 * `deno task evaluator`: tries a program that trains cells for searches.
 *
 * @module
 */

import { resolve } from "node:path";
import { Random } from "../core/random.ts";
import { splitWords } from "../core/words.ts";
import { checkProgram, type Finding } from "../evaluation/check_program.ts";
import type { Recipe } from "../evaluation/protocol.ts";
import { readRecipe } from "../evaluation/recipe_file.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { SPACE_NAMES } from "./cell_options.ts";
import {
  existingFile,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";

const ACTION = "check an evaluator";

const HELP = `deno task evaluator check [options] -- COMMAND

Tries a program that trains cells (lib/evaluation/PROTOCOL.md) as a search would: three
cells, one with operations that do not exist, and a training that is stopped and started
again. Tells what it does wrong; the exit code is 1 if anything.

  --space NAME     ${SPACE_NAMES} (${DEFAULT_SPACE.name})
  --recipe FILE    as of deno task search: a short training is enough
  --seed N         of the cells (0)

  deno task evaluator check -- python train.py --request {request} --result {result}
`;

/** What `evaluator check` is asked for. */
export interface CheckRequest {
  readonly space: SearchSpace;
  readonly command: readonly string[];
  readonly recipe: Recipe;
  readonly seed: number;
  /** Absolute folder that the program runs in. */
  readonly cwd: string;
}

/**
 * Reads the command line of `evaluator`.
 *
 * @param folder What relative paths are relative to.
 * @throws {RangeError} If an option is unknown or its value is wrong.
 * @throws {SyntaxError} If the recipe cannot be read.
 */
export async function parseEvaluatorArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): Promise<CheckRequest> {
  const at = args.indexOf("--");
  const command = at < 0 ? [] : args.slice(at + 1);
  if (args[0] !== "check" || command.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: it must be asked for as check [options] -- COMMAND, got ${
        args.join(" ") || "nothing"
      }`,
    );
  }
  const text = { type: "string" } as const;
  const { space, recipe, seed } = parseOptions(args.slice(1, at), {
    ...{ space: text, recipe: text, seed: text },
  }, ACTION);
  return {
    space: getSpace(space ?? DEFAULT_SPACE.name),
    // In quotation marks it is one word, as --evaluator has it.
    command: command.length === 1 ? splitWords(command[0]) : command,
    recipe: recipe === undefined ? { seed: 0 } : await readRecipe(
      existingFile(resolve(folder, recipe), "--recipe", ACTION),
    ),
    seed: wholeNumber(seed, "--seed", ACTION) ?? 0,
    cwd: folder,
  };
}

const SIGNS: Readonly<Record<Finding["kind"], string>> = {
  right: "right",
  wrong: "WRONG",
  note: "note ",
};

/**
 * Tries the program, and prints each finding as it is made.
 *
 * @returns How many things are wrong.
 */
export async function runEvaluatorCheck(
  { seed, command, ...options }: CheckRequest,
  print: (text: string) => void = console.log,
): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "evaluator-" });
  try {
    const findings = await checkProgram(command, {
      ...options,
      random: Random.fromSeed(seed).split("cells"),
      folder,
      onFinding: ({ kind, text }) => print(`${SIGNS[kind]}  ${text}`),
    });
    const wrong = findings.filter(({ kind }) => kind === "wrong").length;
    print(
      wrong === 0
        ? "Searches can use it."
        : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong.`,
    );
    return wrong;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const request = await parseEvaluatorArguments(args, userFolder());
  return await runEvaluatorCheck(request) === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(HELP, main);
