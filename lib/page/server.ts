/**
 * What the page is served from: the machine's own address, and a fixed list of files.
 *
 * The page's program is TypeScript like the rest. Its modules are served with their types
 * blanked out, package names resolved by an import map: that needs no bundler (Deno's
 * fetches a program of its own at its first run), so the page works offline.
 *
 * No path of a request ever becomes a path on disk: what is asked for is looked up among
 * the names that there are, and only a regular file in its own folder is opened, no link, no
 * pipe. A request must name the address that is served: a page from elsewhere whose name was
 * made to lead here reads nothing. The answers forbid the page to load anything from
 * elsewhere, and isolate it, without which a browser has no threads for WebAssembly.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CODE_METHODS, type CodeKind, CODES } from "../models/vqvae/config.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { modelFolder } from "../run/folders.ts";
import { relativeImports } from "./relative_imports.ts";

/** A code of a space, and whether its models can be opened. */
export interface PageModel {
  readonly space: string;
  readonly code: CodeKind;
  /** The code's name as people write it. */
  readonly title: string;
  /** Files that the page needs and that are not there, or older than the model; none for one that it can open. */
  readonly missing: readonly string[];
}

/** Where models of a space come from. */
export interface ModelSource {
  /** Name of the space. */
  readonly space: string;
  /** Of a run or a record: models are in `<outputs>/models/`. */
  readonly outputs: string;
}

/** Where the page looks and listens. */
export interface PageOptions {
  /** The spaces to offer, and the folder of the run or record that has their models. */
  readonly sources: readonly ModelSource[];
  /** 0 for one that is free. */
  readonly port: number;
}

/** A page that is served. */
export interface ServedPage {
  /** Where it is, such as `http://127.0.0.1:8201/`. */
  readonly url: string;
  /** Is settled when the server has ended. */
  readonly finished: Promise<void>;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Names of this machine that a browser may know the address by. */
const NAMES = ["localhost", HOST, "[::1]"];

/** What a page needs of HTTP. */
const METHODS: readonly string[] = ["GET", "HEAD"];

/** Characters of the longest address that is looked at. */
const LONGEST_URL = 2048;

/** Files of one code's models, relative to `models/<code>/`; the page needs all of them. */
export const MODEL_FILES = [
  "t5/config.json",
  "t5/generation_config.json",
  "t5/tokenizer.json",
  "t5/tokenizer_config.json",
  "t5/onnx/encoder_model.onnx",
  "t5/onnx/decoder_model_merged.onnx",
  "vqvae/config.json",
  "vqvae/onnx/decoder.onnx",
] as const;

/** Those that a training leaves: the others come of an export. */
const TRAINED_FILES = ["t5/config.json", "vqvae/config.json"];

const ENTRY = new URL("app.ts", import.meta.url);
const NODE_BUILTINS = new URL("node_builtins.ts", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  onnx: "application/octet-stream",
  wasm: "application/wasm",
};

const RUNTIME = "/vendor/ort.wasm.min.mjs";

/** Files of packages: where they are served, the package, and the path from what its name leads to. */
const VENDOR: readonly (readonly [string, string, string])[] = [
  [RUNTIME, "onnxruntime-web", "ort.wasm.min.mjs"],
  ...["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"].map(
    (file) => [`/vendor/${file}`, "onnxruntime-web", file] as const,
  ),
  [
    "/vendor/transformers.js",
    "@huggingface/transformers",
    "transformers.web.min.js",
  ],
  ["/vendor/graphviz.js", "@hpcc-js/wasm-graphviz", "index.js"],
  [
    "/vendor/xoroshiro128plus.js",
    "pure-rand/generator/xoroshiro128plus",
    "../esm/generator/xoroshiro128plus.js",
  ],
];

/** What a module's imports of packages lead to in the browser. */
const IMPORTS: Readonly<Record<string, string>> = {
  "@hpcc-js/wasm-graphviz": "/vendor/graphviz.js",
  "@huggingface/transformers": "/vendor/transformers.js",
  // One copy of the runtime, and the build without a GPU's kernels: half the size.
  "onnxruntime-common": RUNTIME,
  "onnxruntime-web/wasm": RUNTIME,
  "onnxruntime-web/webgpu": RUNTIME,
  "pure-rand/generator/xoroshiro128plus": "/vendor/xoroshiro128plus.js",
  "node:crypto": "/lib/page/node_builtins.ts",
  "node:path": "/lib/page/node_builtins.ts",
  "node:url": "/lib/page/node_builtins.ts",
};

/** Where a module of the project is served: its path from the project's root. */
function modulePath(url: URL): string {
  const path = relative(PROJECT_ROOT, fileURLToPath(url));
  return `/${path.replaceAll("\\", "/")}`;
}

/**
 * The modules that the page's program is made of, as JavaScript, by the path that they
 * are served at.
 *
 * @throws {SyntaxError} If a module's types are more than annotations, as enums are.
 */
export async function browserModules(): Promise<Map<string, string>> {
  const modules = new Map<string, string>();
  const queue = [ENTRY, NODE_BUILTINS];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const path = modulePath(next);
    if (modules.has(path)) continue;
    const script = stripTypeScriptTypes(await Deno.readTextFile(next));
    modules.set(path, script);
    const base = next;
    queue.push(...relativeImports(script).map((path) => new URL(path, base)));
  }
  return modules;
}

/**
 * The codes that both models have been trained for.
 *
 * @param options As of the page.
 */
export async function findModels(
  { sources }: Pick<PageOptions, "sources">,
): Promise<PageModel[]> {
  const models: PageModel[] = [];
  for (const { space, outputs } of sources) {
    for (const code of CODES) {
      const folder = modelFolder(outputs, code);
      const missing: string[] = [];
      for (const file of MODEL_FILES) {
        const path = await _regularFile({
          root: outputs,
          path: join(folder, file),
        });
        if (path === null || await _isOutdated(path)) missing.push(file);
      }
      if (!missing.some((file) => TRAINED_FILES.includes(file))) {
        models.push({ space, code, title: CODE_METHODS[code], missing });
      }
    }
  }
  return models;
}

/** Whether an exported file is older than the weights that it was made of. */
async function _isOutdated(path: string): Promise<boolean> {
  if (!path.endsWith(".onnx")) return false;
  const changed = (file: string) =>
    Deno.stat(file).then(({ mtime }) => Number(mtime), () => 0);
  const weights = join(dirname(path), "..", "model.safetensors");
  return await changed(path) < await changed(weights);
}

/** A file that may be served, and the folder that it must really be in. */
interface ServedFile {
  readonly root: string;
  readonly path: string;
}

/**
 * The path of a file, once it is sure to be a regular one that lies where its path says: from
 * its root on no part of the path is a link.
 *
 * @returns Null where there is nothing like that.
 */
async function _regularFile(
  { root, path }: ServedFile,
): Promise<string | null> {
  try {
    const inside = join(await Deno.realPath(root), relative(root, path));
    const { isFile } = await Deno.lstat(inside);
    return isFile && await Deno.realPath(inside) === inside ? inside : null;
  } catch {
    return null; // not there, or not ours to read
  }
}

/** Every file that is served as it is, by the path that it is served at. */
function servedFiles(
  { sources }: Pick<PageOptions, "sources">,
): Map<string, ServedFile> {
  const inFolder = (path: string) => ({ root: dirname(path), path });
  const files = new Map<string, ServedFile>([
    [
      "/style.css",
      inFolder(fileURLToPath(new URL("style.css", import.meta.url))),
    ],
  ]);
  const { resolve } = createRequire(import.meta.url);
  for (const [served, name, file] of VENDOR) {
    files.set(served, inFolder(join(dirname(resolve(name)), file)));
  }
  for (const { space, outputs } of sources) {
    for (const code of CODES) {
      for (const file of MODEL_FILES) {
        files.set(`/models/${space}/${code}/${file}`, {
          root: outputs,
          path: join(modelFolder(outputs, code), file),
        });
      }
    }
  }
  return files;
}

/** What every answer says: load nothing from elsewhere, be isolated, ask again each time. */
function pageHeaders(importMap: string): Record<string, string> {
  const hash = createHash("sha256").update(importMap).digest("base64");
  return {
    "cache-control": "no-cache",
    "content-security-policy": [
      "default-src 'none'",
      `script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'`,
      "style-src 'self'",
      "img-src data:",
      "connect-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
  };
}

/**
 * Starts serving the page, to this machine alone.
 *
 * @throws {Error} If the port is taken.
 */
export async function servePage(options: PageOptions): Promise<ServedPage> {
  const modules = await browserModules();
  const files = servedFiles(options);
  const importMap = JSON.stringify({ imports: IMPORTS });
  const html = (await Deno.readTextFile(new URL("index.html", import.meta.url)))
    .replace(
      "<!-- import map -->",
      `<script type="importmap">${importMap}</script>`,
    );
  const headers = pageHeaders(importMap);

  /** What is at a path; null if there is nothing. */
  async function find(path: string): Promise<Found | null> {
    if (path === "/") return _text(html, "html");
    if (path === "/models.json") {
      return _text(JSON.stringify(await findModels(options)), "json");
    }
    const script = modules.get(path);
    if (script !== undefined) return _text(script, "js");
    const file = files.get(path);
    return file === undefined ? null : await _open(file);
  }
  const server = _listen(options.port, async (request) => {
    const path = _pathOf(request, server.addr.port);
    const found = typeof path === "string"
      ? await find(path) ?? { status: 404, why: "Not found" }
      : path;
    if ("status" in found) {
      const { status, why } = found;
      return new Response(`${why}\n`, {
        status,
        headers: {
          ...headers,
          ...status === 405 ? { allow: METHODS.join(", ") } : {},
          "content-type": TYPES.txt,
        },
      });
    }
    const { body, kind, bytes } = found;
    const isHead = request.method === "HEAD";
    if (isHead && body instanceof ReadableStream) await body.cancel();
    return new Response(isHead ? null : body, {
      headers: {
        ...headers,
        "content-type": TYPES[kind],
        "content-length": String(bytes),
      },
    });
  });
  return {
    url: `http://${HOST}:${server.addr.port}/`,
    finished: server.finished,
    close: () => server.shutdown(),
  };
}

/** What is at a path: its content, its size, and the ending of a file of its kind. */
interface Found {
  readonly body: BodyInit;
  readonly bytes: number;
  readonly kind: string;
}

function _text(text: string, kind: string): Found {
  const body = new TextEncoder().encode(text);
  return { body, bytes: body.length, kind };
}

/** Opens a file that may be served; null where there is none. */
async function _open(served: ServedFile): Promise<Found | null> {
  const path = await _regularFile(served);
  if (path === null) return null;
  const file = await Deno.open(path).catch(() => null);
  if (file === null) return null; // gone, or not ours to read
  const { size } = await file.stat();
  return { body: file.readable, bytes: size, kind: extname(path).slice(1) };
}

/** Why a request is refused, in one line. */
interface Refusal {
  readonly status: number;
  readonly why: string;
}

/** The path that a request asks for, or why it is not looked up. */
function _pathOf(
  { method, url, headers }: Request,
  port: number,
): string | Refusal {
  if (!METHODS.includes(method)) {
    return { status: 405, why: `Only ${METHODS.join(" and ")} are answered` };
  }
  if (url.length > LONGEST_URL) {
    return {
      status: 414,
      why: `An address has at most ${LONGEST_URL} characters`,
    };
  }
  const host = headers.get("host") ?? "";
  const named = /^[\w.:[\]-]+$/.test(host) ? URL.parse(`http://${host}`) : null;
  // The first line of a request can hold a whole address, with a host of its own.
  const asked = URL.parse(url);
  if (named === null || asked === null) {
    return {
      status: 400,
      why: "The host and the address must be ones that can be read",
    };
  }
  const hosts = NAMES.map((name) => new URL(`http://${name}:${port}`).host);
  return [named, asked].every(({ host }) => hosts.includes(host))
    ? asked.pathname
    : { status: 421, why: `Only ${hosts.join(", ")} are served here` };
}

function _listen(
  port: number,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  const onError = (error: unknown) => {
    console.error(`Cannot answer a request: ${(error as Error).message}`);
    return new Response("Cannot answer\n", { status: 500 });
  };
  try {
    return Deno.serve(
      { hostname: HOST, port, onListen: () => {}, onError },
      handler,
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `Cannot open the page: the port must be free, got ${port}, which is taken; choose another with --port`,
      { cause: error },
    );
  }
}
