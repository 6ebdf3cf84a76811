import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileAtomic } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import * as builtins from "../../lib/page/node_builtins.ts";
import {
  browserModules,
  findModels,
  MODEL_FILES,
  type ServedPage,
  servePage,
} from "../../lib/page/server.ts";
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

/** Sends bytes as they stand, and returns the whole answer. */
async function send(url: string, request: string): Promise<string> {
  const port = Number(new URL(url).port);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  // Each character is one byte.
  await connection.write(
    Uint8Array.from(request, (character) => character.charCodeAt(0)),
  );
  return await new Response(connection.readable).text();
}

/** Asks for a path as it stands: `fetch` would shorten one with dots. */
function ask(
  { url }: Pick<ServedPage, "url">,
  path: string,
  { method = "GET", host = `Host: ${new URL(url).host}\r\n` } = {},
): Promise<string> {
  return send(
    url,
    `${method} ${path} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  );
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
  }));

Deno.test("servePage() answers those alone who name the address that it serves", () =>
  withServer(async (page) => {
    const { port } = new URL(page.url);
    const asked = async (host: string, path = "/") =>
      status(await ask(page, path, { host }));
    for (const name of ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"]) {
      assert.equal(await asked(`Host: ${name}:${port}\r\n`), 200, name);
    }
    for (
      const name of [
        "other.example",
        `other.example:${port}`,
        `localhost.other.example:${port}`,
        "localhost", // another port
        "localhost:1",
        `0.0.0.0:${port}`,
        `192.168.0.1:${port}`,
      ]
    ) {
      const answer = await ask(page, "/models.json", {
        host: `Host: ${name}\r\n`,
      });
      assert.equal(status(answer), 421, name);
      assert.match(answer, /\r\n\r\nOnly localhost:\d+, .* are served here\n$/);
    }
    // A whole address in the first line is asked for in place of the host.
    const host = `Host: localhost:${port}\r\n`;
    assert.equal(await asked(host, `http://127.0.0.1:${port}/`), 200);
    assert.equal(await asked(host, "http://other.example/"), 421);
  }));

/** Requests that no browser sends for the page, and what each gets. */
const REFUSED: [
  name: string,
  status: number,
  request: (port: string) => string,
][] = [
  ...[
    ["no host", ""],
    ["an empty host", "Host:\r\n"],
    ["a host of two words", "Host: a b\r\n"],
    ["an open bracket", "Host: [::1\r\n"],
    ["a port that is none", "Host: localhost:99999\r\n"],
    ["a path for a host", "Host: a/../b?c#d\r\n"],
    ["a host with a user", "Host: me@localhost\r\n"],
    ["bytes for a host", "Host: \xff\xfe\r\n"],
    ["a zero byte in the host", "Host: a\0b\r\n"],
    ["two hosts", "Host: localhost\r\nHost: other.example\r\n"],
  ].map(([name, host]): typeof REFUSED[number] => [
    name,
    400,
    () => `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  ]),
  ...([
    ["an address without a host", 400, "GET", "http://[::1/"],
    ["a path without a slash", 400, "GET", "style.css"],
    ["bytes in the path", 400, "GET", "/\xff\xfe"],
    ["a wrong escape", 404, "GET", "/%zz%ff"],
    ["a long path", 414, "GET", `/${"a".repeat(3000)}`],
    ["a longer path", 414, "GET", `/${"a".repeat(60_000)}`],
    ["POST", 405, "POST", "/"],
    ["get", 405, "get", "/"],
    ["OPTIONS *", 405, "OPTIONS", "*"],
    ["CONNECT", 405, "CONNECT", "other.example:80"],
  ] as const).map(([name, status, method, path]): typeof REFUSED[number] => [
    name,
    status,
    (port) =>
      `${method} ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
  ]),
  ["no HTTP", 400, () => "\x16\x03\x01\x02\r\n\r\n"],
  ["a version that is none", 400, () => "GET / HTTP/9.9\r\n\r\n"],
  [
    "a length below nothing",
    400,
    (port) =>
      `POST / HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: -5\r\n\r\n`,
  ],
];

Deno.test("servePage() refuses what is malformed, and says nothing on the terminal", () =>
  withFolder(async (outputs) => {
    // As a command: what a server prints itself does not go through this test's console.
    const page = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", join(PROJECT_ROOT, "lib/cli/page.ts")],
        ...["--outputs", outputs, "--port", "0"],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const errors = new Response(page.stderr).text();
    const lines = page.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: first = "" } = await lines.read();
    const [, url] = first.match(/^The page is at (\S+) \(Ctrl-C ends it\)\n$/)!;
    try {
      for (const [name, expected, request] of REFUSED) {
        const answer = await send(url, request(new URL(url).port));
        assert.equal(status(answer), expected, name);
        assert.doesNotMatch(answer, /Error|\.ts:\d/, name);
      }
      assert.match(
        await ask({ url }, "/", { method: "PUT" }),
        /\r\nallow: GET, HEAD\r\n/,
      );
      // One that stops in the middle, then one that goes away while it is answered.
      for (
        const request of [
          "GET / HT",
          `GET /vendor/ort-wasm-simd-threaded.wasm HTTP/1.1\r\nHost: ${
            new URL(url).host
          }\r\n\r\n`,
        ]
      ) {
        const connection = await Deno.connect({
          port: Number(new URL(url).port),
        });
        await connection.write(new TextEncoder().encode(request));
        connection.close();
      }
      assert.equal(status(await ask({ url }, "/")), 200);
    } finally {
      page.kill();
    }
    assert.equal(await errors, "");
    assert.equal((await lines.read()).done, true);
    await page.status;
  }));

Deno.test("servePage() answers HEAD with the size and nothing more", () =>
  withServer(async (page) => {
    for (
      const path of ["/", "/models.json", "/lib/page/app.ts", "/style.css"]
    ) {
      const [full, head] = await Promise.all(
        ["GET", "HEAD"].map((method) => ask(page, path, { method })),
      );
      const [, size] = head.match(/\r\ncontent-length: (\d+)\r\n/)!;
      assert.equal(head.split("\r\n\r\n")[1], "");
      const body = full.slice(full.indexOf("\r\n\r\n") + 4);
      assert.equal(new TextEncoder().encode(body).length, Number(size));
    }
  }));

Deno.test({
  name: "servePage() follows no link and opens nothing but files",
  ignore: Deno.build.os === "windows", // no pipes there, and links need a right
  fn: () =>
    withServer(async (page, outputs) => {
      const folder = join(outputs, "nasbench201", "models", "arch-llm");
      const served = (file: string) =>
        ask(page, `/models/nasbench201/arch-llm/${file}`).then(status);
      const replace = async (file: string, by: (path: string) => unknown) => {
        assert.equal(await served(file), 200);
        await Deno.remove(join(folder, file));
        await by(join(folder, file));
        assert.equal(await served(file), 404, file);
      };
      const secret = join(outputs, "nasbench201", "models", "secret.json");
      await replace("t5/tokenizer.json", (path) => Deno.symlink(secret, path));
      await replace(
        "t5/generation_config.json",
        (path) => Deno.symlink("config.json", path), // beside it: a link all the same
      );
      await replace("t5/tokenizer_config.json", async (path) => {
        await new Deno.Command("mkfifo", { args: [path] }).output();
        assert.ok((await Deno.lstat(path)).isFifo);
      });
      await replace(
        "t5/onnx/encoder_model.onnx",
        (path) => Deno.symlink("/dev/zero", path),
      );
      await replace("vqvae/onnx/decoder.onnx", (path) => Deno.mkdir(path));
      const [{ missing }] = await findModels(sources(outputs, "nasbench201"));
      assert.deepEqual([...missing].sort(), [
        "t5/generation_config.json",
        "t5/onnx/encoder_model.onnx",
        "t5/tokenizer.json",
        "t5/tokenizer_config.json",
        "vqvae/onnx/decoder.onnx",
      ]);
      // A folder that is a link, on the way to the file.
      await Deno.rename(join(folder, "vqvae"), join(outputs, "elsewhere"));
      await Deno.symlink(join(outputs, "elsewhere"), join(folder, "vqvae"));
      assert.equal(await served("vqvae/config.json"), 404);
      // The folder of a run may itself be reached by a link: it was named by the user.
      await Deno.symlink(join(outputs, "nasbench201"), join(outputs, "run"));
      const linked = await servePage({
        sources: [{ space: "nasbench201", outputs: join(outputs, "run") }],
        port: 0,
      });
      const path = "/models/nasbench201/arch-llm/t5/config.json";
      assert.equal(status(await ask(linked, path)), 200);
      await linked.close();
    }),
});

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
