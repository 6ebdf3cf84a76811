import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson, writeJson } from "../../../lib/core/files.ts";
import { Random } from "../../../lib/core/random.ts";
import {
  readSafetensors,
  storable,
  writeSafetensors,
} from "../../../lib/core/safetensors.ts";
import {
  floats,
  type HostTensors,
  integers,
} from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  initialT5Weights,
  T5_MINI,
  type T5Config,
  type T5Model,
  t5ParameterCount,
} from "../../../lib/models/t5/config.ts";
import { loadT5, saveT5 } from "../../../lib/models/t5/files.ts";
import { decodeText, encodeText } from "../../../lib/models/t5/network.ts";
import {
  VQVAE_PAPER,
  type VqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { loadVqvae, saveVqvae } from "../../../lib/models/vqvae/files.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
} from "../../../lib/models/vqvae/network.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../../_helpers.ts";
import { askPython, hasPackages } from "../../_python.ts";
import { ourIds, untilEnd } from "../_greedy.ts";

const VQVAE: VqvaeConfig = {
  ...VQVAE_PAPER,
  nodes: 3,
  operations: 4,
  hidden: 5,
  layers: 2,
  latentDim: 2,
  codebookSize: 6,
};
const T5: T5Config = {
  ...T5_MINI,
  vocab_size: 11,
  d_model: 8,
  d_kv: 3,
  d_ff: 12,
  num_layers: 2,
  num_decoder_layers: 1,
  num_heads: 2,
};
/** Every difference of T5 v1.1. */
const GATED: T5Config = {
  ...T5,
  feed_forward_proj: "gated-gelu",
  tie_word_embeddings: false,
};

/** Random values for every tensor, so that no two can be taken for each other. */
function scrambled(tensors: HostTensors): HostTensors {
  const random = Random.fromSeed(1);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      floats(shape, data.map(() => random.normal())),
    ]),
  );
}

function vqvae() {
  const { parameters, statistics } = initialVqvaeWeights(
    VQVAE,
    Random.fromSeed(0),
  );
  return {
    config: VQVAE,
    weights: {
      parameters: scrambled(parameters),
      statistics: scrambled(statistics),
    },
  };
}

function t5(config: T5Config) {
  return {
    config,
    weights: scrambled(initialT5Weights(config, Random.fromSeed(0))),
  };
}

Deno.test("saveVqvae() and loadVqvae() keep configuration and weights", async () => {
  await withFolder(async (folder) => {
    const model = vqvae();
    await saveVqvae(join(folder, "new", "model"), model);
    assert.deepEqual(await loadVqvae(join(folder, "new", "model")), model);
    const config = await readJson<Record<string, unknown>>(
      join(folder, "new", "model", "config.json"),
      "configuration",
    );
    assert.equal(config.model_type, "arch-llm-vqvae");
    // Saving again replaces what was there.
    const { parameters } = model.weights;
    parameters[CODEBOOK].data[0] = 42;
    await saveVqvae(join(folder, "new", "model"), model);
    const again = await loadVqvae(join(folder, "new", "model"));
    assert.equal(again.weights.parameters[CODEBOOK].data[0], 42);
  });
});

for (const config of [T5, GATED]) {
  Deno.test(`saveT5() and loadT5() keep configuration and weights, ${config.feed_forward_proj}`, async () => {
    await withFolder(async (folder) => {
      const model = t5(config);
      await saveT5(folder, model);
      const loaded = await loadT5(folder);
      assert.deepEqual(loaded, model);
      // What is saved again is the same.
      const file = join(folder, "model.safetensors");
      const before = await Deno.readFile(file);
      await saveT5(folder, loaded);
      assert.deepEqual(await Deno.readFile(file), before);
      assert.deepEqual(
        [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
        ["config.json", "generation_config.json", "model.safetensors"],
      );
    });
  });
}

Deno.test("saveT5() in half precision rounds each weight and halves the file", async () => {
  await withFolder(async (folder) => {
    const model = t5(T5);
    await saveT5(folder, model);
    const { size } = await Deno.stat(join(folder, "model.safetensors"));
    await saveT5(folder, model, { dtype: "float16" });
    const half = await Deno.stat(join(folder, "model.safetensors"));
    const saved = size - half.size;
    assert.ok(saved >= 2 * t5ParameterCount(T5), `${saved} bytes saved`);
    const { weights } = await loadT5(folder);
    for (const [name, { data }] of Object.entries(model.weights)) {
      assert.deepEqual(
        [...weights[name].data],
        Array.from(data, Math.f16round),
        name,
      );
    }
    assert.equal(
      JSON.parse(await Deno.readTextFile(join(folder, "config.json"))).dtype,
      "float16",
    );
  });
});

for (const name of ["t5_tiny", "t5_tiny_gated"]) {
  Deno.test(`loadT5() reads what transformers wrote, ${name}`, async () => {
    const folder = new URL(`../../fixtures/${name}`, import.meta.url).pathname;
    const { config, weights } = await loadT5(folder);
    assert.equal(config.d_model, 16);
    assert.equal(config.tie_word_embeddings, name === "t5_tiny");
    const { tensors } = await readSafetensors(
      join(folder, "model.safetensors"),
    );
    assert.equal(Object.keys(weights).length, tensors.size);
    for (const [key, { data }] of tensors) {
      assert.deepEqual(weights[key].data, data, key);
    }
  });
}

/** Logits of a batch, by the engine. */
async function logitsOf(
  { config, weights }: T5Model,
  ids: number[][],
  mask: number[][],
  decoder: number[][],
): Promise<ArrayLike<number>> {
  const executor = onnxExecutor({ provider: "cpu", threads: 1 });
  const forward = executor.compile((state, { ids, mask, decoder }) => {
    const hidden = encodeText({ config, state }, ids, mask);
    const logits = decodeText({ config, state }, decoder, { hidden, mask });
    return { outputs: { logits } };
  }, { name: "forward" });
  const state = executor.state(weights);
  const { logits } = await forward.run(state, {
    ids: integers([ids.length, ids[0].length], ids.flat()),
    mask: floats([mask.length, mask[0].length], mask.flat()),
    decoder: integers([decoder.length, decoder[0].length], decoder.flat()),
  });
  state.dispose();
  await forward.dispose();
  return logits.data;
}

/** Writes a model's weights anew after a change. */
async function change(
  folder: string,
  edit: (
    tensors: Record<string, { shape: readonly number[]; data: Float32Array }>,
  ) => void,
): Promise<void> {
  const path = join(folder, "model.safetensors");
  const tensors = Object.fromEntries(
    [...(await readSafetensors(path)).tensors].map((
      [name, { shape, data }],
    ) => [name, { shape, data: Float32Array.from(data) }]),
  );
  edit(tensors);
  await writeSafetensors(path, new Map(Object.entries(tensors)));
}

/** What a reader says of a model whose tensors are not those of its configuration. */
function refusal(folder: string, problems: string) {
  return {
    name: "RangeError",
    message:
      `Cannot read the model ${folder}: its tensors must be those of its config.json, got ${problems}`,
  };
}

Deno.test("loadVqvae() names a tensor that is missing, surplus or of another shape", async () => {
  await withFolder(async (folder) => {
    await saveVqvae(folder, vqvae());
    await change(folder, (tensors) => delete tensors[CODEBOOK]);
    await assert.rejects(
      loadVqvae(folder),
      refusal(folder, "no quantizer.codebook"),
    );
    await change(folder, (tensors) => {
      tensors[CODEBOOK] = { shape: [2, 6], data: new Float32Array(12) };
      tensors.other = { shape: [1], data: new Float32Array(1) };
    });
    await assert.rejects(
      loadVqvae(folder),
      refusal(
        folder,
        "quantizer.codebook of shape [2, 6] instead of [6, 2], surplus other",
      ),
    );
  });
});

Deno.test("loadT5() names all tensors that are missing, surplus or of another shape", async () => {
  await withFolder(async (folder) => {
    await saveT5(folder, t5(T5));
    await change(folder, (tensors) => {
      tensors["shared.weight"] = { shape: [1], data: new Float32Array(1) };
      tensors.other = { shape: [1], data: new Float32Array(1) };
      delete tensors["encoder.final_layer_norm.weight"];
    });
    await assert.rejects(
      loadT5(folder),
      refusal(
        folder,
        "shared.weight of shape [1] instead of [11, 8], surplus other, no encoder.final_layer_norm.weight",
      ),
    );
  });
});

Deno.test("loadT5() passes over copies of the embedding and a bias that no T5 computes with", async () => {
  for (const config of [T5, GATED]) {
    await withFolder(async (folder) => {
      const model = t5(config);
      await saveT5(folder, model);
      await change(folder, (tensors) => {
        const copy = tensors["shared.weight"];
        tensors["encoder.embed_tokens.weight"] = copy;
        tensors["decoder.embed_tokens.weight"] = copy;
        if (config.tie_word_embeddings) tensors["lm_head.weight"] = copy;
        tensors[
          "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
        ] = { shape: [32, 2], data: new Float32Array(64) };
      });
      assert.deepEqual(await loadT5(folder), model);
    });
  }
});

Deno.test("loadT5() refuses a stack with an embedding of its own, never drops it", async () => {
  for (const stack of ["encoder", "decoder"]) {
    await withFolder(async (folder) => {
      await saveT5(folder, t5(T5));
      const name = `${stack}.embed_tokens.weight`;
      await change(folder, (tensors) => {
        const { shape, data } = tensors["shared.weight"];
        tensors[name] = { shape, data: data.with(5, 42) };
      });
      await assert.rejects(loadT5(folder), {
        name: "RangeError",
        message:
          `Cannot use the model ${folder}: ${name} must equal shared.weight, got an embedding of its own, which no T5 here computes with`,
      });
    });
  }
});

Deno.test("loadT5() refuses weights that are no finite numbers", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    await withFolder(async (folder) => {
      await saveT5(folder, t5(GATED));
      await change(folder, (tensors) => {
        tensors["lm_head.weight"].data[3] = value;
      });
      await assert.rejects(
        loadT5(folder),
        refusal(folder, `lm_head.weight with ${value}`),
      );
    });
  }
});

Deno.test("loadT5() says how weights in PyTorch's own format are converted", async () => {
  for (const name of ["pytorch_model.bin", "pytorch_model.bin.index.json"]) {
    await withFolder(async (folder) => {
      await saveT5(folder, t5(T5));
      await Deno.writeTextFile(join(folder, name), "{}");
      await loadT5(folder); // there are others
      await Deno.remove(join(folder, "model.safetensors"));
      await assert.rejects(loadT5(folder), (error: Error) => {
        assert.equal(error.name, "RangeError");
        assert.ok(
          error.message.startsWith(
            `Cannot use the model ${folder}: its weights must be in model.safetensors, got ${name} alone; convert it in Python, with m = transformers.T5ForConditionalGeneration.from_pretrained("${folder}") and `,
          ),
          error.message,
        );
        return true;
      });
    });
  }
});

/** A model as it lies somewhere. */
interface Origin {
  readonly name: string;
  /** The fixture that it has its weights from. */
  readonly weights: string;
  readonly head: "own" | "copy" | "none";
  readonly config: Record<string, unknown>;
}

Deno.test("loadT5() gives PyTorch's logits for models saved by transformers 4 and 5", async () => {
  const fixtures = new URL("../../fixtures/", import.meta.url).pathname;
  const origins = await readJson<Origin[]>(
    join(fixtures, "t5_origins.json"),
    "origins",
  );
  assert.equal(origins.length, 14);
  const { tensors: expected } = await readSafetensors(
    join(fixtures, "t5_origins.safetensors"),
  );
  const batch = await readJson<
    Record<"inputIds" | "attentionMask" | "decoderInputIds", number[][]>
  >(join(fixtures, "t5_tiny_expected.json"), "batch");
  const seen = new Set<string>();
  for (const { name, weights, head, config } of origins) {
    await withFolder(async (folder) => {
      await Deno.copyFile(
        join(fixtures, weights, "model.safetensors"),
        join(folder, "model.safetensors"),
      );
      await writeJson(join(folder, "config.json"), config);
      await change(folder, (tensors) => {
        delete tensors["lm_head.weight"];
        const { shape, data } = head === "copy"
          ? tensors["shared.weight"]
          : expected.get("head")!;
        if (head === "none") return;
        tensors["lm_head.weight"] = { shape, data: Float32Array.from(data) };
      });
      const model = await loadT5(folder);
      assertClose(
        await logitsOf(
          model,
          batch.inputIds,
          batch.attentionMask,
          batch.decoderInputIds,
        ),
        expected.get(name)!.data,
        ACROSS_BACKENDS,
        name,
      );
      // What is saved is read to the same model.
      await saveT5(join(folder, "again"), model);
      assert.deepEqual(await loadT5(join(folder, "again")), model);
      seen.add(
        `${model.config.tie_word_embeddings} ${model.config.scale_decoder_outputs}`,
      );
    });
  }
  assert.deepEqual([...seen].sort(), [
    "false true",
    "false undefined",
    "true false",
    "true undefined",
  ]);
});

Deno.test("saveT5() tells Python to sample from the whole distribution", async () => {
  await withFolder(async (folder) => {
    await saveT5(folder, t5(T5));
    assert.deepEqual(
      await readJson(join(folder, "generation_config.json"), "settings"),
      {
        decoder_start_token_id: 0,
        eos_token_id: 1,
        pad_token_id: 0,
        do_sample: true,
        temperature: 1,
        top_k: 0,
      },
    );
  });
});

Deno.test("loadT5() reads weights in several files by their index", async () => {
  await withFolder(async (folder) => {
    const model = t5(T5);
    await saveT5(folder, model);
    await Deno.remove(join(folder, "model.safetensors"));
    const all = [...storable(model.weights)];
    const files = {
      "a.safetensors": all.slice(0, 7),
      "b.safetensors": all.slice(7),
    };
    for (const [name, tensors] of Object.entries(files)) {
      await writeSafetensors(join(folder, name), new Map(tensors));
    }
    const index = join(folder, "model.safetensors.index.json");
    await writeJson(index, {
      weight_map: Object.fromEntries(
        Object.entries(files).flatMap(([name, tensors]) =>
          tensors.map(([key]) => [key, name])
        ),
      ),
    });
    assert.deepEqual((await loadT5(folder)).weights, model.weights);
    await writeJson(index, {
      weight_map: { a: "a.safetensors", b: "a.safetensors" },
    });
    await assert.rejects(loadT5(folder), /got no [^,]*, no /);
  });
});

Deno.test("loadT5() takes parts of its own folder alone", async () => {
  await withFolder(async (parent) => {
    const folder = join(parent, "model");
    const model = t5(T5);
    await saveT5(folder, model);
    const whole = join(folder, "model.safetensors");
    const outside = join(parent, "outside.safetensors");
    await Deno.rename(whole, outside);
    const index = join(folder, "model.safetensors.index.json");
    const load = async (value: unknown) => {
      await writeJson(index, value);
      return await loadT5(folder);
    };
    const wrong: [value: unknown, message: string][] = [
      [null, "it must hold a weight_map, got null"],
      [[], "it must hold a weight_map, got []"],
      [{}, "it must hold a weight_map, got none"],
      [{ weight_map: {} }, "it must hold a weight_map, got {}"],
      [{ weight_map: "a" }, 'it must hold a weight_map, got "a"'],
      ...[3, null, "", ".", "..", "../outside.safetensors", outside, "a.bin"]
        .concat([
          "sub/a.safetensors",
          "./a.safetensors",
          "..\\a.safetensors",
          "\na.safetensors",
        ])
        .map((name): [unknown, string] => [
          { weight_map: { a: name } },
          `the file of a must be a .safetensors file of its folder, got ${
            JSON.stringify(name)
          }`,
        ]),
    ];
    for (const [value, message] of wrong) {
      await assert.rejects(load(value), {
        name: "RangeError",
        message: `Cannot read ${index}: ${message}`,
      });
    }
    // A link out of the folder; one within it; one to a model's other files in the hub's cache.
    const link = { weight_map: { a: "link.safetensors" } };
    await Deno.symlink(outside, join(folder, "link.safetensors"));
    await assert.rejects(load(link), {
      name: "RangeError",
      message:
        `Cannot read ${index}: its files must lie in its folder, got link.safetensors, a link to ${await Deno
          .realPath(outside)}`,
    });
    const inside = join(folder, "inside.safetensors");
    await Deno.rename(outside, inside);
    await Deno.remove(join(folder, "link.safetensors"));
    await Deno.symlink(inside, join(folder, "link.safetensors"));
    assert.deepEqual(await load(link), model);
    // The same tensors by two names.
    await assert.rejects(
      load({
        weight_map: { a: "inside.safetensors", b: "link.safetensors" },
      }),
      /config\.json, got shared\.weight in two files, .* and \d+ more$/,
    );

    const snapshot = join(parent, "snapshots", "revision");
    await Deno.mkdir(join(parent, "blobs"));
    await Deno.mkdir(snapshot, { recursive: true });
    await Deno.rename(inside, join(parent, "blobs", "oid"));
    await Deno.symlink(
      join("..", "..", "blobs", "oid"),
      join(snapshot, "link.safetensors"),
    );
    for (const name of ["config.json", "model.safetensors.index.json"]) {
      await Deno.copyFile(join(folder, name), join(snapshot, name));
    }
    await writeJson(join(snapshot, "model.safetensors.index.json"), link);
    assert.deepEqual(await loadT5(snapshot), model);
  });
});

Deno.test("loadT5() refuses weights of another configuration", async () => {
  await withFolder(async (folder) => {
    await saveT5(folder, t5(T5));
    const path = join(folder, "config.json");
    const config = await readJson<T5Config>(path, "configuration");
    await writeJson(path, { ...config, d_ff: 13 });
    await assert.rejects(
      loadT5(folder),
      /DenseReluDense\.wi\.weight of shape \[12, 8\] instead of \[13, 8\], /,
    );
    await writeJson(path, {
      ...config,
      feed_forward_proj: "gated-gelu",
      is_gated_act: true,
      dense_act_fn: "gelu_new",
    });
    await assert.rejects(
      loadT5(folder),
      /got surplus encoder\.block\.0\.layer\.1\.DenseReluDense\.wi\.weight, .* and \d+ more$/,
    );
    await writeJson(path, { ...config, feed_forward_proj: "gated-silu" });
    await assert.rejects(loadT5(folder), {
      name: "RangeError",
      message:
        `Cannot use the model of ${path}: feed_forward_proj must be relu or gated-gelu, got gated-silu`,
    });
  });
});

Deno.test("loadT5() refuses weights that are no real numbers", async () => {
  await withFolder(async (folder) => {
    await saveT5(folder, t5(T5));
    // The format by hand: an I32 tensor named as the embedding.
    const header = JSON.stringify({
      "shared.weight": { dtype: "I32", shape: [11, 8], data_offsets: [0, 352] },
    });
    const bytes = new Uint8Array(8 + header.length + 352);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(new TextEncoder().encode(header), 8);
    await Deno.writeFile(join(folder, "model.safetensors"), bytes);
    await assert.rejects(
      loadT5(folder),
      /config\.json, got shared\.weight of whole numbers, no encoder\./,
    );
  });
});

Deno.test("loading names a file that is not there or not readable", async () => {
  for (
    const [load, save, what] of [
      [loadVqvae, (f: string) => saveVqvae(f, vqvae()), "VQ-VAE configuration"],
      [loadT5, (f: string) => saveT5(f, t5(T5)), "T5 configuration"],
    ] as const
  ) {
    await withFolder(async (folder) => {
      const path = join(folder, "config.json");
      const oneSentence = (name: string, start: string) => (error: Error) => {
        assert.equal(error.name, name);
        assert.ok(error.message.startsWith(start), error.message);
        assert.ok(!error.message.includes("\n"));
        return true;
      };
      await assert.rejects(
        load(folder),
        oneSentence("Error", `Cannot read the ${what}: ${path}: `),
      );
      await Deno.writeTextFile(path, '{"nodes": ');
      await assert.rejects(
        load(folder),
        oneSentence(
          "SyntaxError",
          `Cannot read the ${what}: ${path} must be JSON: `,
        ),
      );
      await save(folder);
      const weights = join(folder, "model.safetensors");
      await Deno.remove(weights);
      await assert.rejects(
        load(folder),
        oneSentence("Error", `Cannot read ${weights}: `),
      );
      await Deno.writeFile(weights, new Uint8Array(5));
      await assert.rejects(load(folder), (error: Error) => {
        assert.ok(error.message.includes(weights), error.message);
        return true;
      });
    });
  }
});

Deno.test("storable() refuses what is not float32", () => {
  assert.throws(() => storable({ ids: integers([1], [1]) }), {
    name: "TypeError",
    message: "Cannot store ids: it must be float32, got Int32Array",
  });
});

/** Reads each directory as a model, and prints its logits for one batch, as JSON. */
const PROGRAM = `
import json, sys, torch
from transformers import T5ForConditionalGeneration
from transformers.utils import logging
logging.set_verbosity_error()
ids, mask, decoder = (torch.tensor(x) for x in json.loads(sys.argv[1]))
logits = []
for directory in sys.argv[2:]:
    model, info = T5ForConditionalGeneration.from_pretrained(directory, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    generation = model.generation_config
    assert (generation.pad_token_id, generation.eos_token_id,
            generation.decoder_start_token_id) == (0, 1, 0), generation
    with torch.no_grad():
        out = model.eval()(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder)
    logits.append(out.logits.flatten().tolist())
print(json.dumps(logits))
`;

Deno.test({
  name: "Python's transformers reads what saveT5() writes, to the same logits",
  ignore: !await hasPackages("torch", "transformers"),
  fn: () =>
    withFolder(async (folder) => {
      const ids = [[3, 7, 10, 1], [5, 1, 0, 0]];
      const mask = [[1, 1, 1, 1], [1, 1, 0, 0]];
      const decoder = [[0, 4, 9], [0, 2, 6]];
      const directories: string[] = [];
      const ours: ArrayLike<number>[] = [];
      const configs: T5Config[] = [
        T5,
        GATED,
        { ...T5, scale_decoder_outputs: false },
        { ...GATED, scale_decoder_outputs: true },
      ];
      for (const [i, config] of configs.entries()) {
        const directory = join(folder, `${i}`);
        const model = t5(config);
        await saveT5(directory, model);
        directories.push(directory);
        ours.push(await logitsOf(model, ids, mask, decoder));
      }
      const theirs = await askPython<number[][]>(
        PROGRAM,
        JSON.stringify([ids, mask, decoder]),
        ...directories,
      );
      ours.forEach((logits, i) =>
        assertClose(logits, theirs[i], ACROSS_BACKENDS, directories[i])
      );
    }),
});

/** Reads each model, writes it to another folder, and prints the ids that it writes. */
const ROUND_TRIP = `
import json, sys, torch
from transformers import T5ForConditionalGeneration
from transformers.utils import logging
logging.set_verbosity_error()
ids, mask = (torch.tensor(x) for x in json.loads(sys.argv[1]))
written = []
for directory in sys.argv[2:]:
    model = T5ForConditionalGeneration.from_pretrained(directory)
    settings = model.generation_config
    assert (settings.do_sample, settings.temperature, settings.top_k) == (True, 1, 0), settings
    model.save_pretrained(directory + "-python")
    model = T5ForConditionalGeneration.from_pretrained(directory + "-python").float().eval()
    out = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, num_beams=1,
                         max_new_tokens=6)
    written.append(out[:, 1:].tolist())
print(json.dumps(written))
`;

Deno.test({
  name:
    "a folder of ours that Python saved again gives the ids that Python writes",
  ignore: !await hasPackages("torch", "transformers"),
  fn: () =>
    withFolder(async (folder) => {
      const ids = [[3, 7, 10, 1], [5, 1, 0, 0], [2, 9, 8, 1]];
      const mask = [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1]];
      // The one that comes with the repository has a head of its own, in half precision.
      const shipped = new URL(
        "../../../outputs/nasbench101/models/arch-llm-plus/t5",
        import.meta.url,
      ).pathname;
      const models = [...[T5, GATED].map(t5), await loadT5(shipped)];
      for (const [i, model] of models.entries()) {
        await saveT5(join(folder, `${i}`), model, { dtype: "float16" });
      }
      const theirs = await askPython<number[][][]>(
        ROUND_TRIP,
        JSON.stringify([ids, mask]),
        ...models.map((_, i) => join(folder, `${i}`)),
      );
      for (const [i] of models.entries()) {
        const again = await loadT5(join(folder, `${i}-python`));
        assert.deepEqual(again, await loadT5(join(folder, `${i}`)));
        const ours = await ourIds(again, {
          ids: Int32Array.from(ids.flat()),
          mask: Int32Array.from(mask.flat()),
          rows: 3,
          length: 4,
        }, 6);
        assert.deepEqual(ours, theirs[i].map(untilEnd));
      }
    }),
});
