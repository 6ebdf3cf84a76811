import assert from "node:assert/strict";
import { checkLabArguments } from "../../lib/cli/lab.ts";

Deno.test("checkLabArguments() lets JupyterLab's options pass, with their values", () => {
  checkLabArguments([]);
  checkLabArguments(["--no-browser", "--port=8890", "--ip", "127.0.0.1", "-y"]);
});

Deno.test("checkLabArguments() refuses words that belong to no option", () => {
  for (
    const args of [["a.ipynb"], ["--port=8890", "a.ipynb"], [
      "--port",
      "8890",
      "a.ipynb",
    ], [""]]
  ) {
    assert.throws(() => checkLabArguments(args), {
      name: "RangeError",
      message:
        `Cannot open JupyterLab: arguments must be its options, as --no-browser or --port=8890, got "${
          args.at(-1)
        }"`,
    });
  }
});
