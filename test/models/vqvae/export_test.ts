import assert from "node:assert/strict";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { Random } from "../../../lib/core/random.ts";
import { floats } from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { batchTensors } from "../../../lib/models/batch_tensors.ts";
import {
  type CodeKind,
  CODES,
  type VqvaeConfig,
  vqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import {
  exportVqvae,
  vqvaeDecoderOnnx,
  vqvaeEncoderOnnx,
} from "../../../lib/models/vqvae/export.ts";
import { saveVqvae } from "../../../lib/models/vqvae/files.ts";
import {
  CODEBOOK,
  decodeStep,
  encodeStep,
  initialVqvaeWeights,
} from "../../../lib/models/vqvae/network.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../../_helpers.ts";
import { assertPasses, hasPackages } from "../../_python.ts";

const space = getSpace("nasbench201");
const executor = onnxExecutor({ provider: "cpu", threads: 1 });

/** A model with random statistics, and encoder outputs, a little moved, for codes. */
async function model(code: CodeKind) {
  const config: VqvaeConfig = {
    ...vqvaeConfig(space, code),
    layers: 2,
    hidden: 16,
    codebookSize: 64,
  };
  const random = Random.fromSeed(2);
  const { parameters, statistics } = initialVqvaeWeights(config, random);
  for (const [name, { shape, data }] of Object.entries(statistics)) {
    statistics[name] = floats(
      shape,
      data.map(() =>
        name.endsWith("mean") ? 0.2 * random.normal() : 0.5 + random.uniform()
      ),
    );
  }
  const encode = executor.compile(encodeStep(config), { name: "encoder" });
  const { z } = await encode.run(
    executor.state({ ...parameters, ...statistics }),
    batchTensors(
      space,
      space.cells(),
      Array.from({ length: 8 }, () => random.integer(space.cells().count)),
    ),
  );
  await encode.dispose();
  parameters[CODEBOOK] = floats(
    z.shape,
    z.data.map((value) => value + 0.01 * random.normal()),
  );
  return { config, weights: { parameters, statistics } };
}

for (const code of CODES) {
  const { config, weights } = await model(code);
  const all = { ...weights.parameters, ...weights.statistics };

  Deno.test(`the exported VQ-VAE encodes and decodes as ours does, ${code} code`, async () => {
    const files = await withFolder(async (folder) => {
      await saveVqvae(folder, { config, weights });
      const paths = await exportVqvae(folder);
      assert.deepEqual(paths, [
        join(folder, "onnx", "encoder.onnx"),
        join(folder, "onnx", "decoder.onnx"),
      ]);
      return await Promise.all(paths.map((path) => Deno.readFile(path)));
    });
    const [encoder, decoder] = await Promise.all(
      files.map((bytes) => InferenceSession.create(bytes)),
    );
    const encode = executor.compile(encodeStep(config), { name: "encoder" });
    const decode = executor.compile(decodeStep(config), { name: "decoder" });
    const state = executor.state(all);
    const { nodes, operations } = config;
    let seen = new Set<number>();
    for (const batch of [1, 7, 100]) {
      const cells = batchTensors(
        space,
        space.cells(),
        Array.from({ length: batch }, (_, i) => 150 * i + batch),
      );
      const ours = await encode.run(state, cells);
      const { codes } = await encoder.run({
        operations: new Tensor(
          "float32",
          cells.operations.data as Float32Array,
          [batch, nodes, operations],
        ),
        adjacency: new Tensor(
          "float32",
          cells.adjacency.data as Float32Array,
          [batch, nodes, nodes],
        ),
      });
      assert.deepEqual(codes.dims, [batch, nodes]);
      assert.deepEqual(codes.data, ours.codes.data);
      seen = seen.union(new Set(codes.data as Int32Array));
      const ourCells = await decode.run(state, { codes: ours.codes });
      const decoded = await decoder.run({ codes: codes as Tensor });
      assert.deepEqual(decoded.operations.dims, [batch, nodes]);
      assert.deepEqual(decoded.operations.data, ourCells.operations.data);
      assert.deepEqual(decoded.adjacency.dims, [batch, nodes, nodes]);
      assertClose(
        decoded.adjacency.data as Float32Array,
        ourCells.adjacency.data,
        ACROSS_BACKENDS,
        "adjacency",
      );
    }
    assert.ok(seen.size > 20, `${seen.size} codes`);
    await encode.dispose();
    await decode.dispose();
    await encoder.release();
    await decoder.release();
  });

  Deno.test({
    name: `ONNX's reference checker passes the exported VQ-VAE, ${code} code`,
    ignore: !await hasPackages("onnx"),
    fn: () =>
      assertPasses({
        encoder: vqvaeEncoderOnnx({ config, weights }),
        decoder: vqvaeDecoderOnnx({ config, weights }),
      }),
  });
}
