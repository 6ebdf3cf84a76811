import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileAtomic } from "../../lib/core/files.ts";
import {
  browserModules,
  findModels,
  MODEL_FILES,
  type ServedPage,
  servePage,
} from "../../lib/page/server.ts";
import * as builtins from "../../lib/page/node_builtins.ts";
import { withFolder } from "../_helpers.ts";

/** Serves a folder with `arch-llm` models of NAS-Bench-201, and a secret beside them. */
function withServer(
  action: (page: ServedPage, outputs: string) => Promise<void>,
): Promise<void> {
  return withFolder(async (outputs) => {
    const models = join(outputs, "nasbench201", "models");
    for (const file of MODEL_FILES) {
      await writeFileAtomic(join(models, "arch-llm", file), `of ${file}`);
    }
    await writeFileAtomic(join(models, "arch-llm", "t5", "secret.json"), "{}");
    await writeFileAtomic(join(models, "secret.json"), "{}");
    const page = await servePage({
      ...sources(outputs, "nasbench201"),
      port: 0,
    });
    try {
      await action(page, outputs);
    } finally {
      await page.close();
    }
  });
}

/** The records of spaces in a folder. */
function sources(outputs: string, ...spaces: string[]) {
  return {
    sources: spaces.map((space) => ({ space, outputs: join(outputs, space) })),
  };
}

/** Sends a request as it stands: `fetch` would shorten paths with dots. */
async function ask(
  page: ServedPage,
  path: string,
  method = "GET",
): Promise<string> {
  const { port } = new URL(page.url);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: +port });
  await connection.write(new TextEncoder().encode(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  ));
  return await new Response(connection.readable).text();
}

const status = (answer: string) => Number(answer.split(" ")[1]);

Deno.test("servePage() serves the page, its modules, the packages and the models", () =>
  withServer(async (page) => {
    for (
      const [path, type] of [
        ["/", "text/html; charset=utf-8"],
        ["/style.css", "text/css; charset=utf-8"],
        ["/lib/page/app.ts", "text/javascript; charset=utf-8"],
        ["/vendor/transformers.js", "text/javascript; charset=utf-8"],
        ["/vendor/graphviz.js", "text/javascript; charset=utf-8"],
        ["/vendor/xoroshiro128plus.js", "text/javascript; charset=utf-8"],
        ["/vendor/ort.wasm.min.mjs", "text/javascript; charset=utf-8"],
        [
          "/vendor/ort-wasm-simd-threaded.mjs",
          "text/javascript; charset=utf-8",
        ],
        ["/vendor/ort-wasm-simd-threaded.wasm", "application/wasm"],
        [
          "/models/nasbench201/arch-llm/vqvae/onnx/decoder.onnx",
          "application/octet-stream",
        ],
        ["/models.json", "application/json; charset=utf-8"],
      ]
    ) {
      const answer = await fetch(new URL(path, page.url));
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers.get("content-type"), type);
      assert.equal(
        answer.headers.get("cross-origin-opener-policy"),
        "same-origin",
      );
      assert.equal(
        answer.headers.get("cross-origin-embedder-policy"),
        "require-corp",
      );
      assert.match(
        answer.headers.get("content-security-policy")!,
        /default-src 'none'.*connect-src 'self'/,
      );
      assert.ok((await answer.arrayBuffer()).byteLength > 0);
    }
    const model = await fetch(
      new URL("/models/nasbench201/arch-llm/t5/config.json", page.url),
    );
    assert.equal(await model.text(), "of t5/config.json");
  }));

Deno.test("servePage() serves nothing else, however it is asked for", () =>
  withServer(async (page) => {
    assert.equal(status(await ask(page, "/style.css")), 200);
    for (
      const path of [
        "/deno.json",
        "/lib/page/server.ts",
        "/lib/page/index.html",
        "/lib/page/../../deno.json",
        "/lib/page/%2e%2e/%2e%2e/deno.json",
        "//etc/passwd",
        "/vendor/../../../deno.json",
        "/models/nasbench201/arch-llm/t5/secret.json",
        "/models/nasbench201/arch-llm/t5/../../secret.json",
        "/models/nasbench201/arch-llm/t5/..%2f..%2fsecret.json",
        "/models/nasbench201/arch-llm/t5/..\\..\\secret.json",
        "/models/nasbench201/arch-llm-plus/t5/config.json", // not there
        "/models/nasbench101/arch-llm/t5/config.json", // not offered
        "/models/nasbench201/arch-llm/t5",
        "/models/",
      ]
    ) {
      assert.equal(status(await ask(page, path)), 404, path);
    }
    assert.equal(status(await ask(page, "/", "POST")), 405);
  }));

Deno.test("servePage() says so when the port is taken", () =>
  withServer(async (page, outputs) => {
    const port = Number(new URL(page.url).port);
    await assert.rejects(
      servePage({ ...sources(outputs, "nasbench201"), port }),
      {
        message:
          `Cannot open the page: the port must be free, got ${port}, which is taken; choose another with --port`,
      },
    );
  }));

Deno.test("findModels() lists what is there and what it lacks", () =>
  withServer(async (_, outputs) => {
    const models = join(outputs, "nasbench201", "models");
    const config = (model: string) =>
      writeFileAtomic(
        join(models, "arch-llm-plus", model, "config.json"),
        "{}",
      );
    await config("vqvae"); // and no language model: it cannot write
    assert.equal(
      (await findModels(sources(outputs, "nasbench201"))).length,
      1,
    );
    await config("t5");
    const found = await findModels(
      sources(outputs, "nasbench101", "nasbench201"),
    );
    assert.deepEqual(found, [
      {
        space: "nasbench201",
        code: "arch-llm",
        title: "Arch-LLM",
        missing: [],
      },
      {
        space: "nasbench201",
        code: "arch-llm-plus",
        title: "Arch-LLM+",
        missing: MODEL_FILES.filter((file) => !/^\w+\/config/.test(file)),
      },
    ]);
  }));

Deno.test("findModels() takes an export that is older than its weights for missing", () =>
  withServer(async (_, outputs) => {
    const weights = join(
      outputs,
      "nasbench201/models/arch-llm/vqvae/model.safetensors",
    );
    const missing = async () =>
      (await findModels(sources(outputs, "nasbench201")))[0].missing;
    await writeFileAtomic(weights, "");
    await Deno.utime(weights, 1, 1);
    assert.deepEqual(await missing(), []);
    const later = Date.now() / 1000 + 100;
    await Deno.utime(weights, later, later);
    assert.deepEqual(await missing(), ["vqvae/onnx/decoder.onnx"]);
  }));

Deno.test("browserModules() are the page's program, in JavaScript", async () => {
  const modules = await browserModules();
  assert.ok(modules.has("/lib/page/app.ts"));
  assert.ok(modules.has("/lib/generation/cell_decoding.ts"));
  // What trains and what needs the machine stays out.
  assert.ok(!modules.has("/lib/models/vqvae/training.ts"));
  assert.ok(!modules.has("/lib/page/server.ts"));
  assert.doesNotMatch(modules.get("/lib/page/app.ts")!, /import type|: string/);
});

Deno.test("browserModules() import from node: only what the page has of it", async () => {
  const names = new Set<string>();
  for (const script of (await browserModules()).values()) {
    const imports = script.matchAll(
      /^import\s*\{([^}]*)\}\s*from\s*"node:(?:crypto|path|url)"/gm,
    );
    for (const [, list] of imports) {
      for (const name of list.split(",")) names.add(name.trim());
    }
  }
  names.delete("");
  assert.ok(names.has("createHash") && names.has("basename"));
  for (const name of names) assert.ok(name in builtins, name);
});
