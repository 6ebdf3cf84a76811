/**
 * Models: safetensors, a T5's index and configuration, a VQ-VAE's, a tokenizer, a surrogate, and
 * the checkpoints of a training.
 *
 * @module
 */

import { join } from "node:path";
import { loadCheckpoint, saveCheckpoint } from "../../lib/core/checkpoints.ts";
import { Random } from "../../lib/core/random.ts";
import {
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from "../../lib/core/safetensors.ts";
import { floats, type HostTensors } from "../../lib/core/tensors.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import {
  loadSurrogate,
  saveSurrogate,
  type Surrogate,
} from "../../lib/models/surrogate/surrogate.ts";
import {
  initialT5Weights,
  type T5Config,
  type T5Model,
} from "../../lib/models/t5/config.ts";
import { loadT5, saveT5 } from "../../lib/models/t5/files.ts";
import {
  CODES,
  VQVAE_PAPER,
  type VqvaeConfig,
} from "../../lib/models/vqvae/config.ts";
import { loadVqvae, saveVqvae } from "../../lib/models/vqvae/files.ts";
import { initialVqvaeWeights } from "../../lib/models/vqvae/network.ts";
import { tinyT5Config } from "../models/t5/_tiny_t5.ts";
import {
  BYTES,
  bytesOf,
  joined,
  JSON_DOCUMENT,
  jsonOf,
  type Mutator,
  textOf,
  within,
} from "./mutations.ts";
import { doubleKey, isWhole, parseStrictly } from "./oracles.ts";
import { type Case, type Target, target } from "./target.ts";

const WIDTHS: Readonly<Record<string, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  I32: 4,
  I64: 8,
};

/** Header and data of a safetensors file; null where it is none. */
function opened(
  bytes: Uint8Array,
): { content: Uint8Array; frame: Uint8Array } | null {
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) return null;
  return {
    content: bytes.subarray(8, 8 + length),
    frame: bytes.subarray(8 + length),
  };
}

/** A safetensors file of a header, whatever it is, and data. */
function closed(header: Uint8Array, data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return joined(length, header, data);
}

/** Half of the changes are of the header, which stays as long as it says. */
const SAFETENSORS: readonly Mutator[] = [
  ...Array<Mutator>(BYTES.length).fill(within(opened, JSON_DOCUMENT, closed)),
  ...BYTES,
];

const file = (header: string, size: number, length?: bigint) => {
  const bytes = closed(bytesOf(header), new Uint8Array(size));
  if (length !== undefined) {
    new DataView(bytes.buffer).setBigUint64(0, length, true);
  }
  return bytes;
};
const ENTRY = '"dtype":"F32","shape":[2],"data_offsets":[0,8]';

/** Files that are wrong in ways that are easily passed over. */
const WRONG_SAFETENSORS: readonly Case[] = ([
  ["a tensor twice", file(`{"a":{${ENTRY}},"a":{${ENTRY}}}`, 8)],
  ["a surplus field", file(`{"a":{${ENTRY},"x":1}}`, 8)],
  ["a number format twice", file(`{"a":{"dtype":"F16",${ENTRY}}}`, 8)],
  ["a space before the header", file(` {"a":{${ENTRY}}}`, 8)],
  ["a byte-order mark", file(`\ufeff{"a":{${ENTRY}}}`, 8)],
  ["a size of 2.0", file(`{"a":{${ENTRY.replace("[2]", "[2.0]")}}}`, 8)],
  ["a size of 1e0", file(`{"a":{${ENTRY.replace("[2]", "[2,1e0]")}}}`, 8)],
  [
    "sizes beyond all numbers",
    file(
      `{"a":{"dtype":"F32","shape":[${
        Array(40).fill(4294967296)
      },0],"data_offsets":[0,0]}}`,
      0,
    ),
  ],
  ["a header of 2^63 bytes", file("{}", 8, 1n << 63n)],
  ["a header of 1 GB", file("{}", 8, 1n << 30n)],
  ["nothing", new Uint8Array()],
] as const).map(([name, input]) => ({ name, input, must: "refuse" }));

/** A number of a file, decoded apart from `lib/`. */
function numberAt(view: DataView, at: number, format: string): number {
  if (format === "F32") return view.getFloat32(at, true);
  if (format === "F16") return view.getFloat16(at, true);
  if (format === "I32") return view.getInt32(at, true);
  if (format === "I64") return Number(view.getBigInt64(at, true));
  const widened = new DataView(new ArrayBuffer(4));
  widened.setUint16(2, view.getUint16(at, true), true);
  return widened.getFloat32(0, true);
}

/** What is wrong with what was read of a file, or with the file itself, or null. */
function safetensorsComplaint(
  { tensors, metadata }: SafetensorsFile,
  input: Uint8Array,
): string | null {
  const parts = opened(input);
  if (parts === null) return "a header that leaves the file";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(parts.content);
  } catch {
    return "a header that is no UTF-8";
  }
  if (text[0] !== "{") return "a header that does not begin with {";
  let header;
  try {
    header = parseStrictly(text);
  } catch (error) {
    return `a header with ${(error as Error).message}`;
  }
  if (header.kind !== "object") return "a header that is no object";
  const double = doubleKey(header);
  if (double !== null) return `a header with ${JSON.stringify(double)} twice`;
  const view = new DataView(
    parts.frame.buffer,
    parts.frame.byteOffset,
    parts.frame.length,
  );
  const covered: [number, number][] = [];
  let count = 0;
  for (const [name, entry] of header.entries) {
    if (name === "__metadata__") {
      if (entry.kind === "object") {
        for (const [key, value] of entry.entries) {
          if (value.kind !== "string") return `metadata ${key} that is no text`;
          if (metadata[key] !== value.value) return `another metadata ${key}`;
        }
      } else if (entry.kind !== "word" || entry.value !== null) {
        return "metadata that are no object";
      }
      continue;
    }
    count++;
    if (entry.kind !== "object") return `an entry ${name} that is no object`;
    const fields = new Map(entry.entries);
    if ([...fields.keys()].sort().join() !== "data_offsets,dtype,shape") {
      return `an entry with the fields ${[...fields.keys()]}`;
    }
    const numbers = (key: string): number[] => {
      const list = fields.get(key)!;
      return list.kind !== "array"
        ? [NaN]
        : list.items.map((item) =>
          item.kind === "number" && /^\d+$/.test(item.text)
            ? Number(item.text)
            : NaN
        );
    };
    const dtype = fields.get("dtype")!;
    const format = dtype.kind === "string" ? dtype.value : "";
    const shape = numbers("shape"), offsets = numbers("data_offsets");
    const [start, end] = offsets;
    const size = shape.reduce(
      (product, n) => product * BigInt(isWhole(n) ? n : -1),
      1n,
    );
    if (
      !Object.hasOwn(WIDTHS, format) || offsets.length !== 2 ||
      !offsets.every((offset) => isWhole(offset)) || size < 0n ||
      size * BigInt(WIDTHS[format]) !== BigInt(end) - BigInt(start) ||
      shape.some((n) => !isWhole(n))
    ) return `an entry that adds up to nothing: ${JSON.stringify(name)}`;
    covered.push([start, end]);
    const read = tensors.get(name);
    if (read === undefined) return `no tensor ${name}`;
    if (`${read.shape}` !== `${shape}`) return `another shape of ${name}`;
    if (read.data.length !== Number(size)) return `another size of ${name}`;
    for (let i = 0; i < read.data.length; i++) {
      const value = numberAt(view, start + i * WIDTHS[format], format);
      if (!Object.is(read.data[i], value)) {
        return `${read.data[i]} for ${value}`;
      }
    }
  }
  if (count !== tensors.size) return "a tensor of no entry";
  covered.sort(([a, b], [c, d]) => a - c || b - d);
  let at = 0;
  for (const [start, end] of covered) {
    if (start !== at) return "a gap or an overlap of data";
    at = end;
  }
  return at === parts.frame.length ? null : "data of no tensor";
}

const SAFETENSORS_TARGET = target<SafetensorsFile>({
  name: "safetensors",
  mutators: SAFETENSORS,
  async open(folder) {
    const path = join(folder, "model.safetensors");
    await writeSafetensors(
      path,
      new Map([
        ["a", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
        ["b", { shape: [], data: Float32Array.of(7) }],
        ["c", { shape: [3], data: Float16Array.of(1, -2, 0.5) }],
        ["d", { shape: [0, 4], data: new Float32Array() }],
      ]),
    );
    const others = closed(
      bytesOf(JSON.stringify({
        i: { dtype: "I64", shape: [2], data_offsets: [0, 16] },
        j: { dtype: "I32", shape: [1, 1], data_offsets: [16, 20] },
        k: { dtype: "BF16", shape: [3], data_offsets: [20, 26] },
      })),
      Uint8Array.from({ length: 26 }, (_, i) => i % 8 < 3 ? i : 0),
    );
    const seeds = [
      await Deno.readFile(path),
      others,
      closed(bytesOf("{}"), new Uint8Array()),
    ];
    return {
      seeds,
      cases: WRONG_SAFETENSORS,
      async read(input) {
        await Deno.writeFile(path, input);
        return await readSafetensors(path);
      },
      complaint: safetensorsComplaint,
    };
  },
});

/** Whether two sets of tensors are the same to the bit. */
function sameTensors(a: HostTensors, b: HostTensors): boolean {
  const text = (tensors: HostTensors) =>
    JSON.stringify(
      Object.entries(tensors).sort(([a], [b]) => a < b ? -1 : 1)
        .map(([name, { shape, data }]) => [name, shape, [...data]]),
    );
  return text(a) === text(b);
}

const INDEX_TARGET = target<T5Model>({
  name: "index",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const directory = join(folder, "t5");
    const config = tinyT5Config(16, 4);
    const weights = initialT5Weights(config, Random.fromSeed(1));
    const other = initialT5Weights(config, Random.fromSeed(2));
    await saveT5(directory, { config, weights });
    await Deno.remove(join(directory, "model.safetensors"));
    const names = Object.keys(weights);
    const half = names.length >> 1;
    const shards: [string, string[]][] = [
      ["model-00001-of-00002.safetensors", names.slice(0, half)],
      ["model-00002-of-00002.safetensors", names.slice(half)],
    ];
    const shard = (of: HostTensors, some: readonly string[]) =>
      new Map(some.map((name) => [
        name,
        { shape: of[name].shape, data: of[name].data as Float32Array },
      ]));
    for (const [name, some] of shards) {
      await writeSafetensors(join(directory, name), shard(weights, some));
      // Others of the same names outside, which nothing may lead to.
      await writeSafetensors(join(folder, name), shard(other, some));
    }
    await Deno.symlink(
      join(folder, shards[1][0]),
      join(directory, "link.safetensors"),
    );
    const path = join(directory, "model.safetensors.index.json");
    const index = (map: (name: string) => string) =>
      bytesOf(JSON.stringify({
        metadata: { total_size: 1 },
        weight_map: Object.fromEntries(
          shards.flatMap(([file, some]) =>
            some.map((name) => [name, map(file)])
          ),
        ),
      }));
    const refuse = (name: string, input: Uint8Array): Case => ({
      name,
      input,
      must: "refuse",
    });
    return {
      seeds: [index((file) => file)],
      cases: [
        refuse("a folder up", index((file) => `../${file}`)),
        refuse("absolute", index((file) => join(folder, file))),
        refuse(
          "a link out",
          index((file) => file === shards[1][0] ? "link.safetensors" : file),
        ),
        refuse("null", bytesOf("null")),
        refuse("a number", bytesOf('{"weight_map":{"a":1}}')),
      ],
      async read(input) {
        await Deno.writeFile(path, input);
        return await loadT5(directory);
      },
      complaint: (model) =>
        sameTensors(model.weights, weights) ? null : "weights of elsewhere",
    };
  },
});

/** What no T5 can have, or null; sizes as in the largest there is, a hundred times. */
function t5Complaint(config: T5Config): string | null {
  const wrong = ([
    "vocab_size",
    "d_model",
    "d_kv",
    "d_ff",
    "num_layers",
    "num_decoder_layers",
    "num_heads",
    "relative_attention_num_buckets",
    "relative_attention_max_distance",
  ] as const).find((name) => !isWhole(config[name], 1, 2 ** 31 - 1));
  if (wrong !== undefined) return `${wrong} of ${config[wrong]}`;
  const id = ([
    "pad_token_id",
    "eos_token_id",
    "decoder_start_token_id",
  ] as const).find((name) => !isWhole(config[name], 0, config.vocab_size - 1));
  if (id !== undefined) return `${id} of ${config[id]}`;
  if (!(config.dropout_rate >= 0 && config.dropout_rate < 1)) {
    return `a dropout rate of ${config.dropout_rate}`;
  }
  if (typeof config.dropout_rate !== "number") return "a dropout rate of text";
  if (
    typeof config.layer_norm_epsilon !== "number" ||
    !(config.layer_norm_epsilon > 0 && config.layer_norm_epsilon <= 1)
  ) return `an epsilon of ${config.layer_norm_epsilon}`;
  if (typeof config.tie_word_embeddings !== "boolean") {
    return "a tie of no kind";
  }
  return null;
}

const T5_TARGET = target<T5Model>({
  name: "t5-config",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const config = tinyT5Config(16, 4);
    const weights = initialT5Weights(config, Random.fromSeed(1));
    await saveT5(folder, { config, weights });
    const path = join(folder, "config.json");
    const written = await Deno.readFile(path);
    const changed = (changes: Record<string, unknown>) =>
      bytesOf(JSON.stringify({ ...jsonOf(written), ...changes }));
    return {
      seeds: [written],
      cases: [
        { eos_token_id: 900 },
        { eos_token_id: "1" },
        { dropout_rate: 1 },
        { layer_norm_epsilon: -1 },
        { model_type: "bert" },
        { num_layers: 1e9 },
        { d_model: 2 ** 31 },
      ].map((changes): Case => ({
        name: JSON.stringify(changes),
        input: changed(changes),
        must: "refuse",
      })),
      async read(input) {
        await Deno.writeFile(path, input);
        return await loadT5(folder);
      },
      complaint: (model) =>
        t5Complaint(model.config) ??
          (sameTensors(model.weights, weights) ? null : "other weights"),
    };
  },
});

const VQVAE: VqvaeConfig = {
  ...VQVAE_PAPER,
  nodes: 4,
  operations: 3,
  hidden: 4,
  layers: 1,
  latentDim: 2,
  codebookSize: 4,
};

const VQVAE_TARGET = target<Awaited<ReturnType<typeof loadVqvae>>>({
  name: "vqvae-config",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const weights = initialVqvaeWeights(VQVAE, Random.fromSeed(1));
    await saveVqvae(folder, { config: VQVAE, weights });
    const path = join(folder, "config.json");
    const written = await Deno.readFile(path);
    const all = { ...weights.parameters, ...weights.statistics };
    return {
      seeds: [
        written,
        bytesOf(textOf(written).replace('"arch-llm"', '"printed"')),
      ],
      cases: [
        { hidden: 2 ** 30 },
        { codebookSize: 1e12 },
        { layers: 1e9 },
        { code: "toString" },
        { commitmentCost: "0.25" },
        { model_type: "t5" },
      ].map((changes): Case => ({
        name: JSON.stringify(changes),
        input: bytesOf(
          JSON.stringify({ ...jsonOf(written), ...changes }),
        ),
        must: "refuse",
      })),
      async read(input) {
        await Deno.writeFile(path, input);
        return await loadVqvae(folder);
      },
      complaint({ config, weights }) {
        if (!CODES.includes(config.code)) return `a code ${config.code}`;
        const { code: _, commitmentCost, quantizationCost, ...sizes } = config;
        const names = Object.keys(sizes).sort().join();
        const {
          code: _c,
          commitmentCost: _m,
          quantizationCost: _q,
          ...wanted
        } = VQVAE;
        if (names !== Object.keys(wanted).sort().join()) {
          return `the sizes ${names}`;
        }
        const wrong = Object.entries(sizes).find(([, size]) =>
          !isWhole(size, 1)
        );
        if (wrong !== undefined) return `${wrong[0]} of ${wrong[1]}`;
        const costs = [commitmentCost, quantizationCost];
        if (!costs.every((cost) => Number.isFinite(cost) && cost >= 0)) {
          return `costs of ${costs}`;
        }
        return sameTensors(
            { ...weights.parameters, ...weights.statistics },
            all,
          )
          ? null
          : "other weights";
      },
    };
  },
});

const TOKENIZER_TARGET = target<SentenceTokenizer>({
  name: "tokenizer",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    const path = join(folder, "tokenizer.json");
    await writeCodesTokenizer(folder, { codebookSize: 16 });
    const written = await Deno.readFile(path);
    const withId = (id: unknown) => {
      const document = jsonOf(written);
      document.model.vocab["7"] = id;
      return bytesOf(JSON.stringify(document));
    };
    const ids = new Map<string, number>(
      Object.entries(jsonOf(written).model.vocab),
    );
    return {
      seeds: [written],
      cases: [2 ** 31, 12.5, 13, -1, "12", 1e300].map((id): Case => ({
        name: `an id ${JSON.stringify(id)}`,
        input: withId(id),
        must: "refuse",
      })),
      async read(input) {
        await Deno.writeFile(path, input);
        return await loadTokenizer(folder);
      },
      complaint(tokenizer) {
        const { tokenCount, vocabularySize, padId, eosId, unkId } = tokenizer;
        if (!isWhole(tokenCount, 1, 2 ** 24)) return `${tokenCount} tokens`;
        if (!isWhole(vocabularySize, tokenCount, tokenCount + 63)) {
          return `${vocabularySize} rows for ${tokenCount} tokens`;
        }
        for (const id of [padId, eosId, unkId]) {
          if (!isWhole(id, 0, tokenCount - 1)) return `an id ${id}`;
        }
        const seen = new Map<number, string>();
        for (
          const word of [...ids.keys()].filter((word) => /^\d+$/.test(word))
        ) {
          let encoded: Int32Array;
          try {
            encoded = tokenizer.encodeWords([word]);
          } catch {
            continue; // a word it does not know: said so
          }
          if ([...encoded].some((id) => !isWhole(id, 0, tokenCount - 1))) {
            return `ids ${encoded} for ${word}`;
          }
          const twin = encoded.length === 2 ? seen.get(encoded[0]) : undefined;
          if (twin !== undefined) return `one id for ${twin} and ${word}`;
          seen.set(encoded[0], word);
        }
        return null;
      },
    };
  },
});

const SURROGATE_TARGET = target<Surrogate>({
  name: "surrogate",
  mutators: SAFETENSORS,
  async open(folder) {
    const path = join(folder, "surrogate.safetensors");
    const width = 128, layers = 3; // of every surrogate
    const zeros = (...shape: number[]) =>
      floats(shape, new Float32Array(shape.reduce((a, b) => a * b)));
    await saveSurrogate(path, {
      weights: {
        ...Object.fromEntries(
          Array.from({ length: layers + 1 }, (_, k) => {
            const [from, to] = [k === 0 ? 3 : width, k === layers ? 2 : width];
            return [
              [`layer.${k}.weight`, zeros(to, from)],
              [`layer.${k}.bias`, zeros(to)],
            ];
          }).flat(),
        ),
        mean: floats([2], [0.5, 0.5]),
        deviation: floats([2], [0.1, 0.1]),
      },
      quality: (["validation", "test"] as const).map((accuracy) => ({
        dataset: "cifar10",
        accuracy,
        r2: 0.9,
        tau: 0.8,
        cells: 100,
      })),
    });
    return {
      seeds: [await Deno.readFile(path)],
      async read(input) {
        await Deno.writeFile(path, input);
        return await loadSurrogate(path);
      },
      complaint({ weights, quality }) {
        const columns = weights.mean?.data.length;
        if (columns === undefined) return "no mean";
        if (weights.deviation?.data.length !== columns) return "no deviation";
        if (!Array.isArray(quality) || quality.length !== columns) {
          return "a quality of other columns";
        }
        for (const { dataset, accuracy, r2, tau, cells } of quality) {
          if (typeof dataset !== "string") return "a data set of no name";
          if (!["validation", "test"].includes(accuracy)) return `${accuracy}`;
          if (!(r2 <= 1) || !(Math.abs(tau) <= 1)) return `${r2}, ${tau}`;
          if (!isWhole(cells, 1)) return `${cells} cells`;
        }
        for (const [name, { data }] of Object.entries(weights)) {
          if (!data.every(Number.isFinite)) return `${name} not finite`;
        }
        return null;
      },
    };
  },
});

const CHECKPOINT_TARGET = target<Awaited<ReturnType<typeof loadCheckpoint>>>({
  name: "checkpoint",
  mutators: SAFETENSORS,
  async open(folder) {
    const path = join(folder, "checkpoint.safetensors");
    const key = "0123456789abcdef".repeat(4);
    const tensors = {
      "layer.weight": floats([2, 2], [1, 2, 3, 4]),
      "layer.weight.adam_m": floats([2, 2], [0, 0, 0, 0]),
    };
    const progress = {
      step: 20,
      history: [{ epoch: 1, loss: 0.5, seconds: 1.5 }, {
        epoch: 2,
        loss: 0.25,
        seconds: 1.5,
      }],
      memory: { recent: [1, 0] },
    };
    await saveCheckpoint(path, key, { tensors, progress });
    return {
      seeds: [await Deno.readFile(path)],
      async read(input) {
        await Deno.writeFile(path, input);
        return await loadCheckpoint(
          path,
          key,
          tensors,
          (value) => typeof value === "object" && value !== null,
        );
      },
      complaint(value, input) {
        if (value === null) {
          // That of another run: its key must be another.
          const header = jsonOf(opened(input)!.content);
          return header.__metadata__?.key === key
            ? "a checkpoint passed over"
            : null;
        }
        const shapes = (of: HostTensors) =>
          JSON.stringify(
            Object.entries(of).map((
              [name, { shape, type, data }],
            ) => [name, shape, type, data.length]).sort(),
          );
        if (shapes(value.tensors) !== shapes(tensors)) return "other tensors";
        const kind = typeof value.progress;
        return kind === "object" && value.progress !== null
          ? null
          : `a progress of ${kind}`;
      },
    };
  },
});

/** The formats of models. */
export const MODEL_TARGETS: readonly Target[] = [
  SAFETENSORS_TARGET,
  INDEX_TARGET,
  T5_TARGET,
  VQVAE_TARGET,
  TOKENIZER_TARGET,
  SURROGATE_TARGET,
  CHECKPOINT_TARGET,
];
