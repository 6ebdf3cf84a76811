/**
 * Recipes of trainings as files.
 *
 * @module
 */

import { parseStrictJson } from "../core/strict_json.ts";
import { parseRecipe, type Recipe } from "./protocol.ts";

/**
 * Reads a recipe.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is no JSON, or no recipe.
 */
export async function readRecipe(path: string): Promise<Recipe> {
  const text = await Deno.readTextFile(path);
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read the recipe: ${path} must be JSON, got one with ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
  return parseRecipe(value, path);
}
