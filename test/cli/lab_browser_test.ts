import { existsSync } from "node:fs";
import { environmentPython } from "../../lib/cli/environment.ts";
import { withFolder } from "../_helpers.ts";
import { noChromium } from "../page/_chromium.ts";
import { assertRunInLab } from "./_lab.ts";

Deno.test({
  name:
    "notebook 1 runs in JupyterLab, its figures are interactive and its drawings visible",
  ignore: noChromium || !existsSync(environmentPython()),
  fn: () =>
    withFolder((root) =>
      assertRunInLab({ root, quick: true }, {
        "1_data.ipynb": ".barlayer path",
      })
    ),
});
