import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../../lib/core/files.ts";
import { Random } from "../../../lib/core/random.ts";
import { storable, writeSafetensors } from "../../../lib/core/safetensors.ts";
import type { HostTensors } from "../../../lib/core/tensors.ts";
import { initialT5Weights, T5_MINI } from "../../../lib/models/t5/config.ts";
import { loadT5, saveT5 } from "../../../lib/models/t5/files.ts";
import { openPretrainedT5 } from "../../../lib/models/t5/pretrained.ts";
import { withFolder } from "../../_helpers.ts";

const CONFIG = {
  ...T5_MINI,
  vocab_size: 24,
  d_model: 8,
  d_kv: 4,
  d_ff: 12,
  num_layers: 2,
  num_decoder_layers: 2,
  num_heads: 2,
};
const MODEL = {
  config: CONFIG,
  weights: initialT5Weights(CONFIG, Random.fromSeed(0)),
};
const TOKENIZER = ["tokenizer.json", "tokenizer_config.json"];

/** Writes a model in two files with an index, and what a tokenizer's files would be. */
async function writeSharded(
  folder: string,
  weights: HostTensors = MODEL.weights,
): Promise<void> {
  await saveT5(folder, MODEL);
  await Deno.remove(join(folder, "model.safetensors"));
  const all = [...storable(weights)];
  const parts = [all.slice(0, 7), all.slice(7)];
  const name = (i: number) => `model-0000${i + 1}-of-00002.safetensors`;
  for (const [i, part] of parts.entries()) {
    await writeSafetensors(join(folder, name(i)), new Map(part));
  }
  await writeJson(join(folder, "model.safetensors.index.json"), {
    weight_map: Object.fromEntries(
      parts.flatMap((part, i) => part.map(([key]) => [key, name(i)])),
    ),
  });
}

async function writeTokenizer(folder: string): Promise<void> {
  for (const name of TOKENIZER) await writeJson(join(folder, name), { name });
}

/** Serves a folder as the hub serves a model; counts the files that were sent whole. */
async function withHub<T>(
  folder: string,
  action: (hubUrl: string, sent: Map<string, number>) => Promise<T>,
): Promise<T> {
  const sent = new Map<string, number>();
  const read = (name: string) =>
    Deno.readFile(join(folder, name)).catch(() => null);
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/models/owner/name/paths-info/main") {
        const { paths } = await request.json();
        const found = [];
        for (const path of paths) {
          const bytes = await read(path);
          if (bytes === null) continue;
          found.push({
            path,
            type: "file",
            size: bytes.length,
            oid: `oid-${path}`,
            lastCommit: { id: "c".repeat(40), title: "", date: "2026-01-01" },
          });
        }
        return Response.json(found);
      }
      const name = pathname.replace(
        /^\/owner\/name\/(resolve|raw)\/main\//,
        "",
      );
      const bytes = await read(name);
      if (bytes === null) return new Response("not found", { status: 404 });
      const range = /bytes=(\d+)-(\d+)?/.exec(
        request.headers.get("range") ?? "",
      );
      const from = range === null ? 0 : Number(range[1]);
      const to = Math.min(Number(range?.[2] ?? Infinity), bytes.length - 1);
      if (to > 0) sent.set(name, (sent.get(name) ?? 0) + 1);
      return new Response(bytes.slice(from, to + 1), {
        status: range === null ? 200 : 206,
        headers: {
          etag: `"oid-${name}"`,
          ...(range === null
            ? {}
            : { "content-range": `bytes ${from}-${to}/${bytes.length}` }),
        },
      });
    },
  );
  try {
    return await action(`http://localhost:${server.addr.port}`, sent);
  } finally {
    await server.shutdown();
  }
}

Deno.test("openPretrainedT5() reads a directory: one file, half precision, several files", async () => {
  await withFolder(async (folder) => {
    await saveT5(folder, MODEL);
    const { config, weights, directory } = await openPretrainedT5(folder);
    assert.deepEqual({ config, weights }, MODEL);
    assert.equal(directory, folder);
    await saveT5(folder, MODEL, { dtype: "float16" });
    assert.deepEqual(
      (await openPretrainedT5(folder)).weights,
      (await loadT5(folder)).weights,
    );
  });
  await withFolder(async (folder) => {
    await writeSharded(folder);
    assert.deepEqual((await openPretrainedT5(folder)).weights, MODEL.weights);
  });
});

Deno.test("openPretrainedT5() fetches from a hub once, whatever the number of files", async () => {
  for (const sharded of [false, true]) {
    await withFolder(async (folder) => {
      const published = join(folder, "published");
      const cacheDir = join(folder, "cache");
      await (sharded ? writeSharded(published) : saveT5(published, MODEL));
      await writeTokenizer(published);
      await withHub(published, async (hubUrl, sent) => {
        const names: string[] = [];
        const open = () =>
          openPretrainedT5("owner/name", {
            hubUrl,
            cacheDir,
            onFile: (name) => names.push(name),
          });
        const { config, weights, directory } = await open();
        assert.deepEqual({ config, weights }, MODEL);
        assert.deepEqual(names.slice(0, 4), [
          "config.json",
          ...TOKENIZER,
          "model.safetensors",
        ]);
        for (const name of TOKENIZER) {
          assert.ok((await Deno.stat(join(directory, name))).isFile);
        }
        assert.ok(sent.size >= 4);
        const before = new Map(sent);
        assert.deepEqual((await open()).weights, MODEL.weights);
        assert.deepEqual(sent, before);
      });
    });
  }
});

Deno.test("openPretrainedT5() says what to do without a network, and what a source can be", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(
      openPretrainedT5("owner/name", {
        hubUrl: "http://localhost:1",
        cacheDir: folder,
      }),
      (error: Error) => {
        assert.match(
          error.message,
          /^Cannot fetch owner\/name at main from the hub: .*; without a network put config.json, tokenizer.json, tokenizer_config.json, model.safetensors into a folder and name that instead$/s,
        );
        return true;
      },
    );
  });
  await assert.rejects(openPretrainedT5("no such folder"), {
    name: "RangeError",
    message:
      "Cannot open a T5: the source must be a directory or a name on the hub, owner/name, got no such folder",
  });
});

Deno.test("openPretrainedT5() says how to convert a model of the hub in PyTorch's own format", async () => {
  await withFolder(async (folder) => {
    const published = join(folder, "published");
    await saveT5(published, MODEL);
    await writeTokenizer(published);
    await Deno.rename(
      join(published, "model.safetensors"),
      join(published, "pytorch_model.bin"),
    );
    await withHub(published, async (hubUrl, sent) => {
      const cacheDir = join(folder, "cache");
      await assert.rejects(
        openPretrainedT5("owner/name", { hubUrl, cacheDir }),
        {
          name: "RangeError",
          message:
            /^Cannot use the model owner\/name: its weights must be in model\.safetensors, got pytorch_model\.bin alone; convert it in Python, with m = .*from_pretrained\("owner\/name"\)/,
        },
      );
      assert.ok(!sent.has("model.safetensors"));
    });
  });
});
