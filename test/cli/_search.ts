/**
 * A search that has cells trained, for a test that kills it: `_search.ts FOLDER BUDGET COMMAND`.
 *
 * @module
 */

import { parseSearchArguments, runSearch } from "../../lib/cli/search.ts";

const [folder, budget, command] = Deno.args;
const request = await parseSearchArguments([
  ...["--evaluator", command, "--method", "regularised-evolution"],
  ...["--budget", budget, "--parallel", "4", "--device", "cpu"],
]);
await runSearch({ ...request, folder }, { print: () => {} });
