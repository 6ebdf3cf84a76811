import assert from "node:assert/strict";
import { join } from "node:path";
import { exportMissing } from "../../lib/cli/page.ts";
import { Random } from "../../lib/core/random.ts";
import { openCellModel } from "../../lib/generation/cell_model.ts";
import { sampleCells } from "../../lib/generation/cell_sampling.ts";
import { toSentence } from "../../lib/language/sentences.ts";
import { type PageOptions, servePage } from "../../lib/page/server.ts";
import { modelFolder } from "../../lib/run/folders.ts";
import { withFolder } from "../_helpers.ts";
import { executor, saveLearnedModel, space } from "../models/_learned_model.ts";
import { noChromium, withPage } from "./_chromium.ts";

/** What a card of the page shows. */
interface Card {
  readonly valid: boolean;
  readonly codes: string;
  readonly drawnNodes: number;
}

/** The cards of the group that was written last. */
const CARDS = `[...document.querySelector(".group").querySelectorAll(".cell")]
  .map((card) => ({
    valid: card.classList.contains("valid"),
    codes: card.querySelector(".sentence")?.textContent.replace("Codes", "").trim() ?? "",
    drawnNodes: card.querySelectorAll("svg g.node").length,
  }))`;

/** Whether a run has ended. */
const ENDED = `/ cells in /.test(document.getElementById("status").textContent)
  || !document.getElementById("error").hidden`;
const ERROR = `document.getElementById("error").textContent`;

Deno.test({
  name:
    "The page writes valid cells, refills them around pinned nodes, and stays on the machine",
  ignore: noChromium,
  fn: () =>
    withFolder(async (outputs) => {
      const folder = modelFolder(join(outputs, "nasbench201"), "arch-llm");
      const directories = {
        vqvae: join(folder, "vqvae"),
        t5: join(folder, "t5"),
      };
      await saveLearnedModel(directories, { fillShare: 0.5, epochs: 120 });
      const options: PageOptions = {
        sources: ["nasbench201", "nasbench101"].map((space) => ({
          space,
          outputs: join(outputs, space),
        })),
        port: 0,
      };
      const printed: string[] = [];
      await exportMissing(options, (line) => printed.push(line));
      assert.equal(
        printed[0],
        "Exporting the models of NAS-Bench-201, Arch-LLM:",
      );
      assert.equal(printed.length, 5); // and a line for each file
      await exportMissing(options, () => assert.fail("all is there"));
      const server = await servePage(options);
      try {
        await withPage(server.url, async (page) => {
          const run = async (click: string): Promise<Card[]> => {
            await page.evaluate(
              `document.getElementById("status").textContent = "", ${click}`,
            );
            await page.until(ENDED);
            assert.equal(await page.evaluate(ERROR), "");
            return await page.evaluate(CARDS);
          };
          await page.until(
            `document.getElementById("status")?.textContent === "Ready"`,
          );
          assert.equal(await page.evaluate("crossOriginIsolated"), true);

          const generate = `document.getElementById("generate").click()`;
          // At 0.3 the model, small as it is, writes what it has learned.
          await page.evaluate(
            `document.getElementById("temperature").value = "0.3"`,
          );
          const cards = await run(generate);
          assert.equal(cards.length, 10);
          for (const { valid, drawnNodes } of cards) {
            assert.ok(valid);
            assert.equal(drawnNodes, 10); // feature maps and operations
          }
          // The same sentences as outside the browser.
          const model = await openCellModel(space, directories, executor);
          const random = Random.fromSeed(0);
          for (const [i, { codes }] of cards.entries()) {
            const { sequences } = await sampleCells(model, 1, {
              temperature: 0.3,
              random: random.split(`cell ${i}`),
            });
            assert.equal(codes, toSentence(sequences[0].codes!));
          }
          // The same seed, the same cells; the next one, others.
          const others = await run(generate);
          assert.notDeepEqual(others, cards);
          const again = await run(
            `document.getElementById("seed").value = "0", ${generate}`,
          );
          assert.deepEqual(again, cards);

          // By keyboard alone: Tab goes through the controls, Enter writes, and what can be
          // done with the cells comes next.
          const press = async (key: "Tab" | "Enter") => {
            const keyCode = key === "Tab" ? 9 : 13;
            const event = { key, code: key, windowsVirtualKeyCode: keyCode };
            await page.send("Input.dispatchKeyEvent", {
              ...event,
              type: "keyDown",
              ...(key === "Enter" && { text: "\r" }),
            });
            await page.send("Input.dispatchKeyEvent", {
              ...event,
              type: "keyUp",
            });
          };
          const focused = () =>
            page.evaluate<string>(
              `document.activeElement.id || document.activeElement.closest("[class]").className`,
            );
          await page.evaluate(
            `document.getElementById("seed").value = "0", document.getElementById("status").textContent = "", document.getElementById("space").focus()`,
          );
          const visited: string[] = [];
          while (visited.at(-1) !== "generate" && visited.length < 20) {
            await press("Tab");
            visited.push(await focused());
          }
          assert.deepEqual(
            visited,
            [
              ...["code", "count", "temperature", "top-k", "top-p", "seed"],
              "generate",
            ],
          );
          await press("Enter");
          await page.until(ENDED);
          assert.deepEqual(await page.evaluate(CARDS), cards);
          await press("Tab");
          assert.equal(await focused(), "files");

          // The cells can be taken away, as the commands write them.
          const file = JSON.parse(
            await page.evaluate(`(async () => {
              const [select] = document.querySelectorAll(".files select");
              select.value = "json";
              let blob;
              URL.createObjectURL = (given) => (blob = given, "data:,");
              document.querySelector(".files button:last-of-type").click();
              return await blob.text();
            })()`),
          );
          assert.equal(file.length, 10);
          assert.ok(file.every((cell: string) => /^\|.*~0\|\+\|/.test(cell)));

          // A link restores settings and seed.
          const link = await page.evaluate<string>(
            `document.querySelector(".files a").getAttribute("href")`,
          );
          assert.equal(
            link,
            "#space=nasbench201&code=arch-llm&count=10&temperature=0.3&seed=0",
          );
          assert.equal(await page.evaluate("location.hash"), link);
          await page.evaluate(
            `document.getElementById("temperature").value = "2", location.hash = "#seed=7&temperature=0.3&code=none"`,
          );
          await page.until(`document.getElementById("seed").value === "7"`);
          assert.deepEqual(
            await page.evaluate(
              `["temperature", "code", "count"].map((id) => document.getElementById(id).value)`,
            ),
            ["0.3", "arch-llm", "10"],
          );

          await page.evaluate(`document.querySelector(".files a").click()`);
          assert.equal(
            await page.evaluate(`document.getElementById("seed").value`),
            "0",
          );

          // A phone's width shows all of it.
          const size = { width: 360, height: 740, deviceScaleFactor: 2 };
          await page.send("Emulation.setDeviceMetricsOverride", {
            ...size,
            mobile: true,
          });
          assert.equal(
            await page.evaluate("document.documentElement.scrollWidth"),
            360,
          );
          await page.send("Emulation.clearDeviceMetricsOverride");

          const pinned = [0, 2, 3, 7];
          const refilled = await run(`(() => {
            const card = document.querySelector(".group .cell");
            card.querySelector("svg .row2").dispatchEvent(
              new MouseEvent("click", { bubbles: true }));
            const boxes = card.querySelectorAll("fieldset input");
            for (const node of [0, 3, 7]) boxes[node].click();
            card.querySelector("details button").click();
          })()`);
          assert.equal(refilled.length, 10);
          const written = refilled.filter(({ codes }) => codes !== "");
          assert.ok(written.length > 0);
          const before = cards[0].codes.split(" ");
          for (const { codes } of written) {
            const after = codes.split(" ");
            assert.equal(after.length, before.length);
            for (const node of pinned) assert.equal(after[node], before[node]);
          }

          // What is wrong is said in the page.
          await Deno.remove(join(directories.vqvae, "onnx", "decoder.onnx"));
          await page.evaluate("location.reload()");
          await page.until(
            `document.getElementById("status")?.textContent === "Ready"`,
          );
          await page.evaluate(generate);
          await page.until(`${ERROR} !== ""`);
          assert.equal(
            await page.evaluate(ERROR),
            "Cannot open Arch-LLM of NAS-Bench-201: its models must be exported, got no vqvae/onnx/decoder.onnx; run `deno task export --space nasbench201`",
          );

          assert.deepEqual(page.complaints, []);
          assert.ok(page.requested.length > 20);
          for (const address of page.requested) {
            assert.ok(address.startsWith(server.url), address);
          }
        });
      } finally {
        await server.close();
      }
    }),
});
