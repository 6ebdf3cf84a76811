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
  t5ParameterCount,
} from "../../../lib/models/t5/config.ts";
import { loadT5, saveT5, t5ConfigOf } from "../../../lib/models/t5/files.ts";
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

Deno.test("loadT5() passes over what no T5 computes with", async () => {
  const one = { shape: [1], data: new Float32Array(1) };
  const copies = {
    "encoder.embed_tokens.weight": one,
    "decoder.embed_tokens.weight": one,
    "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight":
      one,
  };
  await withFolder(async (folder) => {
    const model = t5(T5);
    await saveT5(folder, model);
    // A tied head is a copy of the embedding.
    await change(
      folder,
      (tensors) => Object.assign(tensors, copies, { "lm_head.weight": one }),
    );
    assert.deepEqual((await loadT5(folder)).weights, model.weights);

    const gated = t5(GATED);
    await saveT5(folder, gated);
    await change(folder, (tensors) => Object.assign(tensors, copies));
    assert.deepEqual((await loadT5(folder)).weights, gated.weights);
    await change(folder, (tensors) => delete tensors["lm_head.weight"]);
    await assert.rejects(
      loadT5(folder),
      refusal(folder, "no lm_head.weight"),
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
    await writeJson(index, {});
    await assert.rejects(loadT5(folder), {
      name: "RangeError",
      message: `Cannot read ${index}: it must hold a weight_map, got none`,
    });
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
    await writeJson(path, { ...config, feed_forward_proj: "gated-gelu" });
    await assert.rejects(
      loadT5(folder),
      /got surplus encoder\.block\.0\.layer\.1\.DenseReluDense\.wi\.weight, .*, no encoder\.block\.0\.layer\.1\.DenseReluDense\.wi_0\.weight, /,
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

Deno.test("t5ConfigOf() has the defaults of transformers and refuses other models", () => {
  const small = t5ConfigOf({ model_type: "t5" }, "x");
  assert.deepEqual(
    [small.d_model, small.num_decoder_layers, small.feed_forward_proj],
    [512, 6, "relu"],
  );
  assert.equal(t5ConfigOf({ num_layers: 4 }, "x").num_decoder_layers, 4);
  for (
    const [file, message] of [
      [{ model_type: "bert" }, /model_type must be t5, got bert/],
      [
        { feed_forward_proj: "gated-silu" },
        /feed_forward_proj must be relu or gated-gelu, got gated-silu/,
      ],
      [{ d_model: 0 }, /d_model must be a whole number from 1 up, got 0/],
    ] as const
  ) assert.throws(() => t5ConfigOf(file, "x"), message);
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
      for (const config of [T5, GATED]) {
        const directory = join(folder, config.feed_forward_proj);
        const model = t5(config);
        await saveT5(directory, model);
        directories.push(directory);
        const executor = onnxExecutor({ provider: "cpu", threads: 1 });
        const forward = executor.compile((state, inputs) => {
          const { ids, mask, decoder } = inputs;
          const hidden = encodeText({ config, state }, ids, mask);
          const logits = decodeText({ config, state }, decoder, {
            hidden,
            mask,
          });
          return { outputs: { logits } };
        }, { name: "forward" });
        const { logits } = await forward.run(executor.state(model.weights), {
          ids: integers([2, 4], ids.flat()),
          mask: floats([2, 4], mask.flat()),
          decoder: integers([2, 3], decoder.flat()),
        });
        ours.push(logits.data);
        await forward.dispose();
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
