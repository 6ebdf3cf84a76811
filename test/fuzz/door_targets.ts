/**
 * What people and other programs hand in: command lines, the settings of a run in its variable,
 * and requests to the page.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { isAbsolute, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseBenchArguments } from "../../lib/cli/bench.ts";
import { parseDataArguments } from "../../lib/cli/data.ts";
import { parseExportArguments } from "../../lib/cli/export.ts";
import { parsePageArguments } from "../../lib/cli/page.ts";
import { parseReproduceArguments } from "../../lib/cli/reproduce.ts";
import { writeFileAtomic } from "../../lib/core/files.ts";
import { MODEL_FILES, servePage } from "../../lib/page/server.ts";
import { isRunName } from "../../lib/run/folders.ts";
import {
  checkRunSettings,
  readRunSettings,
  RUN_VARIABLE,
  type RunSettings,
} from "../../lib/run/settings.ts";
import { SPACES } from "../../lib/spaces/registry.ts";
import { BYTES, bytesOf, JSON_DOCUMENT, LINES, textOf } from "./mutations.ts";
import { isWhole } from "./oracles.ts";
import { type Case, type Target, target } from "./target.ts";

const NAMES = SPACES.map(({ name }) => name);

/** What is wrong with the settings of a run, or null. */
function settingsComplaint(settings: RunSettings): string | null {
  const again = checkRunSettings({ ...settings });
  if (!isDeepStrictEqual(again, settings)) {
    return "settings that check to others";
  }
  const { space, seed, samples, name, root, t5, quick } = settings;
  if (!NAMES.includes(space)) return `a space ${space}`;
  if (!isWhole(seed, 0, 2 ** 32 - 1) || Object.is(seed, -0)) {
    return `a seed ${seed}`;
  }
  if (!isWhole(samples, 1, 1e7)) return `${samples} samples`;
  if (!isRunName(name) || name.length > 200) return `a name ${name}`;
  if (!isAbsolute(root)) return `a root ${root}`;
  if (t5 !== null && (typeof t5 !== "string" || t5.trim() === "")) {
    return `a T5 ${t5}`;
  }
  return typeof quick === "boolean" ? null : `a quickness ${quick}`;
}

const SETTINGS_TARGET = target<RunSettings>({
  name: "settings",
  mutators: JSON_DOCUMENT,
  open(folder) {
    const seeds = [
      checkRunSettings({ root: folder }),
      checkRunSettings({
        root: folder,
        space: "nasbench101",
        seed: 4_294_967_295,
        samples: 5,
        device: "wasm",
        t5: "google-t5/t5-small",
        optimizer: "adafactor",
        quick: true,
        name: "a.b-c_d",
      }),
      { seed: 7 },
    ];
    return Promise.resolve({
      seeds: seeds.map((settings) => bytesOf(JSON.stringify(settings))),
      cases: [
        "null",
        "[]",
        '{"seed":-1}',
        '{"seed":1.5}',
        '{"sed":1}',
        '{"name":"../x"}',
        '{"t5":""}',
        `{"name":"${"x".repeat(100_000)}"}`,
        `{"space":"${"x".repeat(100_000)}"}`,
        "[".repeat(50_000),
      ].map((text): Case => ({
        name: text.slice(0, 20),
        input: bytesOf(text),
        must: "refuse",
      })),
      read(input) {
        const text = textOf(input);
        // No environment holds one.
        if (text.includes("\0")) {
          throw new Error("Cannot set a variable: it must have no NUL");
        }
        Deno.env.set(RUN_VARIABLE, text);
        try {
          return readRunSettings();
        } finally {
          Deno.env.delete(RUN_VARIABLE);
        }
      },
      complaint: settingsComplaint,
    });
  },
});

/** What is wrong with what a command line was read to, or null. */
const COMMANDS: Readonly<
  Record<
    string,
    (
      args: readonly string[],
      folder: string,
    ) => { value: unknown; wrong: string | null }
  >
> = {
  reproduce(args, folder) {
    const value = parseReproduceArguments(args, folder);
    return { value, wrong: settingsComplaint(value.settings) };
  },
  data(args, folder) {
    const value = parseDataArguments(args, folder);
    const { spaces, from } = value;
    const wrong =
      spaces.length === 0 || !spaces.every((name) => NAMES.includes(name))
        ? `the spaces ${spaces}`
        : from !== null && !isAbsolute(from)
        ? `a file ${from}`
        : null;
    return { value, wrong };
  },
  export(args, folder) {
    const value = parseExportArguments(args, folder);
    const folders = [...value.t5, ...value.vqvae];
    const named = args.some((arg) => /^--run/.test(arg));
    const wrong = folders.length === 0 || !folders.every(isAbsolute)
      ? `the folders ${folders}`
      : named &&
          !folders.every((path) =>
            /\/runs\/[\w-][\w.-]*\/models\/[^/]+\/(?:t5|vqvae)$/.test(path)
          )
      ? `folders of no run: ${folders[0]}`
      : null;
    return { value, wrong };
  },
  page(args, folder) {
    const value = parsePageArguments(args, folder);
    const { space, run, root, port } = value;
    const wrong = space !== null && !NAMES.includes(space)
      ? `a space ${space}`
      : run !== null && !isRunName(run)
      ? `a run ${run}`
      : !isAbsolute(root)
      ? `a root ${root}`
      : !isWhole(port, 0, 65_535)
      ? `a port ${port}`
      : null;
    return { value, wrong };
  },
  bench(args, folder) {
    const value = parseBenchArguments(args, folder);
    const { subjects, rounds, python } = value;
    const wrong = subjects.length === 0
      ? "nothing to measure"
      : !isWhole(rounds, 1)
      ? `${rounds} rounds`
      : python === ""
      ? "no Python"
      : null;
    return { value, wrong };
  },
};

/** A command line: the command, then an argument a line. */
const COMMAND_LINE_TARGET = target<{ value: unknown; wrong: string | null }>({
  name: "command-line",
  mutators: LINES,
  async open(folder) {
    // What the command lines name.
    await writeFileAtomic(join(folder, "accuracies.csv.gz"), "");
    for (const path of ["t5", "vqvae", "runs/a"]) {
      await writeFileAtomic(join(folder, "x", path, "config.json"), "{}");
    }
    const lines = [
      "reproduce",
      "reproduce --space nasbench101 --seed 1 --samples 20 --device cpu --quick --fresh",
      "reproduce --t5 google-t5/t5-small --optimizer adafactor --name a --outputs x",
      "data --space nasbench201",
      "data --from accuracies.csv.gz",
      "export --space nasbench101 --outputs x",
      "export --run a",
      "export --t5 x/t5 --vqvae x/vqvae",
      "page --run a --outputs x --port 0",
      "bench --only t5 --rounds 2 --python python3",
    ];
    const inputOf = (line: string) => bytesOf(line.split(" ").join("\n"));
    return Promise.resolve({
      seeds: lines.map(inputOf),
      cases: [
        "reproduce --t5=",
        "reproduce --outputs=",
        "reproduce --samples -5",
        "reproduce --seed 4294967296",
        "reproduce --seed 0x10",
        "reproduce --name lab-x",
        `reproduce --name ${"x".repeat(5_000)}`,
        `reproduce --${"x".repeat(50_000)}`,
        "reproduce x",
        "data --from=",
        "data --from x.txt",
        "export --run ../../x",
        "export --t5=",
        "page --run ../x",
        "page --port 65536",
        "bench --rounds 99999999999999999999",
        "bench --python=",
      ].map((line): Case => ({
        name: line.slice(0, 40),
        input: inputOf(line),
        must: "refuse",
      })),
      read(input) {
        const [command, ...args] = textOf(input).split("\n");
        const parse = Object.hasOwn(COMMANDS, command)
          ? COMMANDS[command]
          : COMMANDS.reproduce;
        return parse(args, folder);
      },
      complaint({ value, wrong }, input) {
        if (wrong !== null) return wrong;
        const args = textOf(input).split("\n").slice(1);
        const empty = args.find((arg) => /^--\w+=\s*$/.test(arg));
        if (empty !== undefined) return `${empty} without a value`;
        return JSON.stringify(value).includes("\\u0000")
          ? "a NUL in a value"
          : null;
      },
    });
  },
});

/** What the server answered. */
interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

const PORT = "%PORT%";

/** A request as it goes over the line; `%PORT%` stands for the server's port. */
const REQUEST_TARGET = target<Answer>({
  name: "request",
  mutators: [...LINES, ...BYTES],
  async open(folder) {
    const models = join(folder, "nasbench201", "models", "arch-llm");
    for (const file of MODEL_FILES) {
      await writeFileAtomic(join(models, file), `of ${file}`);
    }
    const secret = join(models, "t5", "secret.json");
    await writeFileAtomic(secret, "secret");
    // A link out of the folder, in the place of a file that is served.
    const linked = join(models, "t5", "generation_config.json");
    await Deno.remove(linked);
    await Deno.symlink(secret, linked);
    const page = await servePage({
      sources: [{ space: "nasbench201", outputs: join(folder, "nasbench201") }],
      port: 0,
    });
    const port = Number(new URL(page.url).port);
    const ask = async (request: Uint8Array): Promise<Answer> => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const text = textOf(request);
      const bytes = text.includes(PORT)
        ? bytesOf(text.replaceAll(PORT, String(port)))
        : request;
      const pieces: Uint8Array[] = [];
      try {
        for (let at = 0; at < bytes.length;) {
          at += await connection.write(bytes.subarray(at));
        }
        // A server that is told of the end gives up what it was about to answer: it gets
        // some time, and more of it before its first word.
        let timer = setTimeout(
          () => connection.closeWrite().catch(() => {}),
          200,
        );
        try {
          while (true) {
            const piece = new Uint8Array(2 ** 16);
            const count = await connection.read(piece);
            if (count === null) break;
            pieces.push(piece.subarray(0, count));
            clearTimeout(timer);
            timer = setTimeout(
              () => connection.closeWrite().catch(() => {}),
              5,
            );
          }
        } finally {
          clearTimeout(timer);
        }
      } catch {
        // The server has hung up: what it has said until then counts.
      }
      const all = new Uint8Array(
        await new Blob(pieces as BlobPart[]).arrayBuffer(),
      );
      const [head] = textOf(all.subarray(0, 20_000)).split("\r\n\r\n");
      const status = Number(head.match(/^HTTP\/1\.[01] (\d{3})/)?.[1] ?? NaN);
      return { status, body: all.subarray(bytesOf(head).length + 4) };
    };
    const get = (path: string, host = `127.0.0.1:${PORT}`, method = "GET") =>
      bytesOf(
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
    const paths = [
      "/",
      "/style.css",
      "/models.json",
      "/lib/page/app.ts",
      "/models/nasbench201/arch-llm/t5/config.json",
    ];
    const digest = (body: Uint8Array) =>
      createHash("sha256").update(body).digest("hex");
    const known = new Map<string, string>();
    for (const path of paths) {
      known.set(digest((await ask(get(path))).body), path);
    }
    const refuse = (name: string, input: Uint8Array): Case => ({
      name,
      input,
      must: "refuse",
    });
    return {
      seeds: paths.map((path) => get(path)),
      cases: [
        refuse("another host", get("/", "other.example")),
        refuse("no host", bytesOf("GET / HTTP/1.1\r\n\r\n")),
        refuse("a malformed host", get("/", "a b")),
        refuse("an open bracket", get("/", "[")),
        refuse("a malformed path", get("//")),
        refuse("a post", get("/", undefined, "POST")),
        refuse(
          "dots",
          get("/models/nasbench201/arch-llm/t5/../t5/secret.json"),
        ),
        refuse(
          "a link",
          get("/models/nasbench201/arch-llm/t5/generation_config.json"),
        ),
        refuse("a long path", get(`/${"x".repeat(100_000)}`)),
        refuse("nothing", new Uint8Array()),
      ],
      async read(input) {
        const answer = await ask(input);
        // A refusal of this reader is an answer, or none.
        if (!(answer.status < 400)) {
          throw new Error(
            `Cannot get the page: the status must be 200, got ${answer.status}`,
          );
        }
        return answer;
      },
      complaint({ status, body }, input) {
        if (textOf(body).includes("secret")) return "a secret file";
        const text = textOf(input).replaceAll(PORT, String(port));
        const host = text.match(/^host:[ \t]*(.*?)[ \t]*\r?$/im)?.[1];
        const target = text.match(/^\S+ (?:http:\/\/)([^/ ?#]*)/)?.[1];
        const own = [`127.0.0.1:${port}`, `localhost:${port}`];
        for (const name of [host, target]) {
          if (name !== undefined && !own.includes(name.toLowerCase())) {
            return `an answer to the host ${name}`;
          }
        }
        if (status !== 200) {
          return status >= 300 ? null : `a status of ${status}`;
        }
        // Of several requests on one line all answers came.
        if ((text.match(/HTTP\/1/g) ?? []).length > 1 || /^HEAD/.test(text)) {
          return null;
        }
        const first = textOf(body).split("HTTP/1")[0];
        return known.has(digest(bytesOf(first))) ||
            /chunked|HTTP\/1\.0/i.test(text)
          ? null
          : `a body that no path has: ${textOf(body).slice(0, 60)}`;
      },
      close: () => page.close(),
    };
  },
});

/** What is handed in. */
export const DOOR_TARGETS: readonly Target[] = [
  SETTINGS_TARGET,
  COMMAND_LINE_TARGET,
  REQUEST_TARGET,
];
