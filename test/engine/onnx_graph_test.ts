import assert from "node:assert/strict";
import { InferenceSession, Tensor } from "onnxruntime-node";
import protobuf from "protobufjs";
import { Random } from "../../lib/core/random.ts";
import {
  floats,
  type HostTensor,
  type HostTensors,
  integers,
  scalar,
} from "../../lib/core/tensors.ts";
import type { StepFunction } from "../../lib/engine/executor.ts";
import { traceStep } from "../../lib/engine/onnx_executor.ts";
import { type GraphValue, OnnxGraph } from "../../lib/engine/onnx_graph.ts";
import type { Tensors } from "../../lib/engine/tensorflow.ts";
import {
  initialT5Weights,
  T5_MINI,
  type T5Config,
} from "../../lib/models/t5/config.ts";
import {
  decoderStep,
  ownEntries,
  promptStep,
  weightsStep,
} from "../../lib/models/t5/decoder_step.ts";
import { noiseSize, t5Loss } from "../../lib/models/t5/network.ts";
import {
  VQVAE_PAPER,
  type VqvaeConfig,
} from "../../lib/models/vqvae/config.ts";
import { withDistinctRows } from "../../lib/models/vqvae/distinct_rows.ts";
import {
  decodeStep,
  encodeStep,
  initialVqvaeWeights,
  vqvaeLoss,
} from "../../lib/models/vqvae/network.ts";
import {
  adamWSlots,
  type LossResult,
  trainingStep,
} from "../../lib/nn/optimizers.ts";
import { assertPasses, hasPackages } from "../_python.ts";

const hasOnnx = await hasPackages("onnx");

/** What the tests look at in a file; protobuf skips the rest. */
const message = protobuf.parse(
  `
  syntax = "proto2";
  message Node {
    repeated string input = 1; repeated string output = 2;
    optional string name = 3; optional string op_type = 4;
  }
  message Tensor {
    repeated int64 dims = 1; optional int32 data_type = 2;
    optional string name = 8; optional bytes raw_data = 9;
  }
  message Value { optional string name = 1; }
  message Graph {
    repeated Node node = 1; optional string name = 2;
    repeated Tensor initializer = 5;
    repeated Value input = 11; repeated Value output = 12;
  }
  message Opset { optional string domain = 1; optional int32 version = 2; }
  message Model {
    optional int32 ir_version = 1; optional string producer_name = 2;
    optional Graph graph = 7; repeated Opset opset_import = 8;
  }
`,
  { keepCase: true },
).root.lookupType("Model");

interface Named {
  readonly name: string;
}

interface Model {
  readonly ir_version: number;
  readonly producer_name: string;
  readonly opset_import: readonly { domain: string; version: number }[];
  readonly graph: Named & {
    readonly node: readonly (Named & {
      op_type: string;
      input: string[];
      output: string[];
    })[];
    readonly initializer: readonly (Named & {
      dims: number[];
      raw_data: Uint8Array;
    })[];
    readonly input: readonly Named[];
    readonly output: readonly Named[];
  };
}

function parse(graph: OnnxGraph, name = "test"): Model {
  return message.toObject(message.decode(graph.serialize(name)), {
    arrays: true,
    longs: Number,
    bytes: Uint8Array,
  }) as Model;
}

const names = (values: readonly Named[]) => values.map(({ name }) => name);

/** Runs a graph without inputs in ONNX Runtime. */
async function evaluate(graph: OnnxGraph): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create(graph.serialize("test"));
  const results = await session.run({});
  await session.release();
  return results as Record<string, Tensor>;
}

Deno.test("OnnxGraph writes a file that ONNX Runtime computes right", async () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [2, 3]);
  const weight = graph.constant([1, 2, 3, 4, 5, 6], "float32", [3, 2]);
  const product = graph.node("MatMul", [x, weight], {}, "float32", [2, 2]);
  const [left, right] = graph.nodes(
    "Split",
    [product, graph.integers([1, 1])],
    { axis: 1 },
    "float32",
    [[2, 1], [2, 1]],
  );
  graph.output(
    "difference",
    graph.node("Sub", [left, right], {}, "float32", [2, 1]),
  );
  graph.output("same x", x);
  const session = await InferenceSession.create(graph.serialize("test"));
  const { difference, ...rest } = await session.run({
    x: new Tensor("float32", Float32Array.of(1, 0, 0, 1, 1, 1), [2, 3]),
  });
  // (1, 2) and (9, 12)
  assert.deepEqual([...difference.data], [-1, -3]);
  assert.deepEqual([...rest["same x"].data], [1, 0, 0, 1, 1, 1]);
  await session.release();
});

Deno.test("OnnxGraph names its parts", () => {
  const graph = new OnnxGraph();
  const x = graph.input("input/x", "float32", [2]);
  const sum = graph.node("Add", [x, x], {}, "float32", [2]);
  graph.output("output/y", sum);
  const model = parse(graph, "a step");
  assert.equal(model.ir_version, 8);
  assert.equal(model.producer_name, "arch-llm");
  assert.deepEqual(model.opset_import, [{ domain: "", version: 18 }]);
  assert.equal(model.graph.name, "a step");
  assert.deepEqual(names(model.graph.input), ["input/x"]);
  assert.deepEqual(names(model.graph.output), ["output/y"]);
  assert.deepEqual(names(model.graph.node), ["0 Add"]);
  assert.deepEqual(graph.operators, ["Add"]);
});

/** Whether `new/x` may be written over `state/x` in a graph of both and other outputs. */
function mayOverwrite(
  build: (
    graph: OnnxGraph,
    x: GraphValue,
    node: (operator: string, ...inputs: GraphValue[]) => GraphValue,
  ) => { next: GraphValue; other?: GraphValue },
): boolean {
  const graph = new OnnxGraph();
  const x = graph.input("state/x", "float32", [2, 2]);
  const { next, other } = build(
    graph,
    x,
    (operator, ...inputs) =>
      graph.node(operator, inputs, {}, "float32", [2, 2]),
  );
  if (other !== undefined) graph.output("output/other", other);
  graph.output("new/x", next);
  return graph.mayOverwrite("state/x", "new/x");
}

Deno.test("mayOverwrite() is true where all that reads the old value is done", () => {
  // A decayed sum, and a parameter read by the forward pass that its update depends on.
  assert.ok(mayOverwrite((_, x, node) => ({
    next: node("Add", node("Mul", x, x), node("MatMul", x, x)),
  })));
  assert.ok(mayOverwrite((_, x, node) => ({
    next: node("Sub", x, node("MatMul", x, x)),
  })));
  // What reads the new value comes later.
  assert.ok(mayOverwrite((_, x, node) => {
    const next = node("Add", x, x);
    return { next, other: node("Sqrt", next) };
  }));
  // A reader that no output needs is left out.
  assert.ok(mayOverwrite((_, x, node) => {
    node("Sqrt", x);
    return { next: node("Add", x, x) };
  }));
});

Deno.test("mayOverwrite() is false where the old value can still be read", () => {
  // By another output, before or after.
  assert.ok(
    !mayOverwrite((_, x, node) => ({
      next: node("Add", x, x),
      other: node("Sqrt", x),
    })),
  );
  assert.ok(
    !mayOverwrite((_, x, node) => {
      const other = node("Sqrt", x);
      return { next: node("Add", x, x), other };
    }),
  );
  // As an output.
  assert.ok(
    !mayOverwrite((_, x, node) => ({
      next: node("Add", x, x),
      other: x,
    })),
  );
  // By a node that reads other elements than it has written.
  assert.ok(!mayOverwrite((_, x, node) => ({ next: node("MatMul", x, x) })));
  // Under another name: the memory of a reshaped value may be the old one's.
  assert.ok(
    !mayOverwrite((graph, x, node) => {
      const flat = graph.node("Reshape", [x], {}, "float32", [4]);
      const next = node(
        "Add",
        x,
        graph.node("ReduceSum", [flat], {}, "float32", []),
      );
      return { next, other: node("Sqrt", flat) };
    }),
  );
});

Deno.test("OnnxGraph keeps one copy of a small constant", () => {
  const graph = new OnnxGraph();
  const half = graph.constant([0.5], "float32", []);
  assert.equal(graph.constant([0.5], "float32", []), half);
  // Another type, shape or sign of zero is another constant.
  const others = [
    half,
    graph.constant([0.5], "float32", [1]),
    graph.constant([0], "float32", []),
    graph.constant([-0], "float32", []),
    graph.constant([0], "int32", []),
    graph.constant([0], "bool", []),
    graph.constant([1, 2], "float32", [2]),
    graph.constant([1, 2], "float32", [1, 2]),
    graph.constant([12], "float32", []),
  ];
  assert.equal(new Set(names(others)).size, others.length);
  const [axes, again, other] = [[0, 1], [0, 1], [1, 0]].map((values) =>
    graph.integers(values)
  );
  assert.equal(axes.name, again.name);
  assert.notEqual(axes.name, other.name);
  const twice = graph.node("Add", [half, half], {}, "float32", []);
  graph.output("y", twice);
  assert.deepEqual(names(parse(graph).graph.initializer), [half.name]);
});

Deno.test("OnnxGraph stores a uniform constant as one number", async () => {
  const graph = new OnnxGraph();
  graph.output(
    "ones",
    graph.constant(new Array(600).fill(1), "float32", [20, 30]),
  );
  graph.output("fill", graph.fill(-7, "int32", [2, 2]));
  graph.output("scalar", graph.fill(3, "float32", []));
  graph.output("two", graph.constant([1, 1, 1, 2], "float32", [2, 2]));
  // −0 is not 0.
  graph.output("zeros", graph.constant([0, -0], "float32", [2]));
  const model = parse(graph);
  for (const { dims, raw_data, name } of model.graph.initializer) {
    assert.ok(raw_data.length <= 16, name);
    assert.equal(dims.includes(20), false);
  }
  assert.ok(graph.serialize("test").length < 2000);
  const { ones, fill, scalar, two, zeros } = await evaluate(graph);
  assert.deepEqual(ones.dims, [20, 30]);
  assert.ok((ones.data as Float32Array).every((x) => x === 1));
  assert.deepEqual([...fill.data], [-7, -7, -7, -7]);
  assert.deepEqual([scalar.dims, [...scalar.data]], [[], [3]]);
  assert.deepEqual([...two.data], [1, 1, 1, 2]);
  assert.ok(Object.is((zeros.data as Float32Array)[1], -0));
});

Deno.test("OnnxGraph writes constants of every type", async () => {
  const graph = new OnnxGraph();
  graph.output(
    "float32",
    graph.constant([1.5, -Infinity, NaN], "float32", [3]),
  );
  graph.output(
    "int32",
    graph.constant([2 ** 31 - 1, -(2 ** 31)], "int32", [2]),
  );
  graph.output("bool", graph.constant([1, 0, 1], "bool", [3]));
  graph.output("empty", graph.constant([], "float32", [0, 2]));
  const long = graph.integers([3, -4]);
  graph.output("int64", graph.node("Cast", [long], { to: 6 }, "int32", [2]));
  const { float32, int32, bool, empty, int64 } = await evaluate(graph);
  assert.deepEqual([...float32.data], [1.5, -Infinity, NaN]);
  assert.deepEqual([...int32.data], [2 ** 31 - 1, -(2 ** 31)]);
  assert.deepEqual([...bool.data], [1, 0, 1]);
  assert.deepEqual(empty.dims, [0, 2]);
  assert.deepEqual([...int64.data], [3, -4]);
});

Deno.test("OnnxGraph leaves out what no output needs", () => {
  const graph = new OnnxGraph();
  const used = graph.input("used", "float32", [1]);
  const unused = graph.input("unused", "float32", [1]);
  const idle = graph.constant([9], "float32", [1]);
  const dead = graph.node("Mul", [unused, idle], {}, "float32", [1]);
  graph.node("Neg", [dead], {}, "float32", [1]);
  // A node is needed for one of its outputs alone.
  const [half] = graph.nodes(
    "Split",
    [used, graph.integers([1, 0])],
    { axis: 0 },
    "float32",
    [[1], [0]],
  );
  graph.output("y", half);
  assert.deepEqual(graph.operators, ["Split"]);
  assert.deepEqual(graph.neededInputs, ["used"]);
  const model = parse(graph);
  assert.deepEqual(names(model.graph.input), ["used"]);
  assert.deepEqual(
    model.graph.node.map(({ op_type }) => op_type),
    ["Split"],
  );
  assert.deepEqual(names(model.graph.initializer), ["integers 1,0"]);
  // It is needed as soon as an output says so.
  graph.output("z", dead);
  assert.deepEqual(graph.neededInputs, ["used", "unused"]);
});

const VQVAE: VqvaeConfig = {
  ...VQVAE_PAPER,
  nodes: 5,
  operations: 4,
  hidden: 8,
  layers: 2,
  latentDim: 3,
  codebookSize: 16,
};
const T5: T5Config = {
  ...T5_MINI,
  vocab_size: 20,
  d_model: 8,
  d_kv: 4,
  d_ff: 12,
  num_layers: 2,
  num_decoder_layers: 2,
  num_heads: 2,
  dropout_rate: 0.1,
};

const zeros = (...shape: number[]) =>
  floats(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
const zeroIds = (...shape: number[]) =>
  integers(shape, new Int32Array(shape.reduce((a, b) => a * b, 1)));

type Step = [
  name: string,
  fn: StepFunction,
  state: HostTensors,
  inputs: HostTensors,
];

function training(
  name: string,
  loss: (state: Tensors, inputs: Tensors) => LossResult,
  parameters: HostTensors,
  statistics: HostTensors,
  inputs: HostTensors,
): Step {
  const options = { weightDecay: 0.01, clipNorm: 1 };
  return [
    name,
    trainingStep(loss, Object.keys(parameters), options),
    { ...parameters, ...statistics, ...adamWSlots(parameters) },
    { ...inputs, learningRate: scalar(0), step: scalar(1) },
  ];
}

/** Every kind of step that is compiled anywhere. */
function steps(): Step[] {
  const random = Random.fromSeed(0);
  const vqvae = initialVqvaeWeights(VQVAE, random);
  const cells = {
    operations: zeros(6, 5, 4),
    adjacency: zeros(6, 5, 5),
  };
  const vqvaeState = { ...vqvae.parameters, ...vqvae.statistics };
  const gated = {
    ...T5,
    feed_forward_proj: "gated-gelu" as const,
    tie_word_embeddings: false,
  };
  const part = (name: string, rows: number, input: number, target: number) => ({
    [`${name}.ids`]: zeroIds(rows, input),
    [`${name}.mask`]: zeros(rows, input),
    [`${name}.decoderIds`]: zeroIds(rows, target),
    [`${name}.labels`]: zeroIds(rows, target),
  });
  const examples = {
    ...part("generate", 4, 2, 6),
    ...part("fill", 2, 7, 11),
    noise: zeros(noiseSize(T5, { rows: 6, inputLength: 7, targetLength: 11 })),
  };
  const weights = initialT5Weights(T5, random);
  const prompt = { ids: zeroIds(3, 2), mask: zeros(3, 2) };
  const onePrompt = { ids: zeroIds(1, 2), mask: zeros(1, 2) };
  const decoded = {
    ids: zeroIds(5),
    prompt: zeroIds(5),
    before: zeroIds(5, 8),
    buckets: zeroIds(9),
    visible: zeros(9),
    ...Object.fromEntries(ownEntries(T5).map((name) => [name, zeros(40, 8)])),
  };
  const attended = (kinds: Record<string, HostTensor>) =>
    Object.fromEntries(
      [0, 1].flatMap((block) =>
        Object.entries(kinds).map((
          [kind, value],
        ) => [`${block}.cross.${kind}`, value])
      ),
    );
  return [
    training(
      "vqvae training step",
      (state, inputs) => vqvaeLoss(VQVAE, state, inputs),
      vqvae.parameters,
      vqvae.statistics,
      { ...withDistinctRows(VQVAE, cells), hardness: scalar(1) },
    ),
    ["vqvae encoder", encodeStep(VQVAE), vqvaeState, cells],
    [
      "vqvae encoder before training",
      encodeStep(VQVAE, true),
      vqvaeState,
      cells,
    ],
    ["vqvae decoder", decodeStep(VQVAE), vqvaeState, { codes: zeroIds(30) }],
    ...[T5, gated].map((config) =>
      training(
        `t5 training step, ${config.feed_forward_proj}`,
        (state, inputs) => t5Loss(config, state, inputs),
        initialT5Weights(config, random),
        {},
        examples,
      )
    ),
    ["t5 prompts", promptStep(T5), weights, prompt],
    ["t5 prompt", promptStep(T5), weights, onePrompt],
    [
      "t5 decoder step",
      decoderStep(T5),
      weights,
      {
        ...decoded,
        mask: zeros(3, 2),
        ...attended({ key: zeros(3, 2, 2, 4), value: zeros(3, 2, 2, 4) }),
      },
    ],
    [
      "t5 decoder step, one prompt",
      decoderStep(T5),
      weights,
      {
        ...decoded,
        mask: zeros(1, 2),
        ...attended({
          scores: zeros(T5.d_model, 4),
          results: zeros(4, T5.d_model),
        }),
      },
    ],
    ["t5 draw", weightsStep, {}, {
      logits: zeros(3, 5),
      temperature: zeros(3, 1),
    }],
  ];
}

Deno.test({
  name: "every step's file passes ONNX's reference checker",
  ignore: !hasOnnx,
  fn: async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [name, fn, state, inputs] of steps()) {
      files[name] = traceStep(fn, state, inputs).graph.serialize(name);
    }
    assert.equal(Object.keys(files).length, 11);
    await assertPasses(files);
  },
});

Deno.test({
  name: "assertPasses() fails for a file that is wrong",
  ignore: !hasOnnx,
  fn: async () => {
    const wrong = (build: (graph: OnnxGraph) => void) => {
      const graph = new OnnxGraph();
      build(graph);
      return { wrong: graph.serialize("wrong") };
    };
    // A declared shape that is not the result's; an operator that does not exist.
    await assert.rejects(
      assertPasses(wrong((graph) => {
        const x = graph.input("x", "float32", [2, 3]);
        graph.output("y", graph.node("Transpose", [x], {}, "float32", [2, 3]));
      })),
      /ShapeInferenceError/,
    );
    await assert.rejects(
      assertPasses(wrong((graph) => {
        const x = graph.input("x", "float32", [2]);
        graph.output("y", graph.node("Atanh2", [x], {}, "float32", [2]));
      })),
      /Atanh2/,
    );
  },
});

Deno.test("a traced step names state, inputs and outputs apart, and has no idle parts", () => {
  for (const [name, fn, state, inputs] of steps()) {
    const { graph, newState, outputs } = traceStep(fn, state, inputs);
    const model = parse(graph, name);
    const produced = new Set([
      ...names(model.graph.input),
      ...names(model.graph.initializer),
    ]);
    const used = new Set(names(model.graph.output));
    for (const node of model.graph.node) {
      for (const input of node.input) {
        // In order of execution: nothing is used before it is there.
        assert.ok(produced.has(input), `${name}: ${input}`);
        used.add(input);
      }
      for (const output of node.output) {
        assert.ok(!produced.has(output), `${name}: ${output} comes twice`);
        produced.add(output);
      }
    }
    for (
      const value of [
        ...names(model.graph.input),
        ...names(model.graph.initializer),
        // Of several outputs, as of TopK, one is enough.
        ...model.graph.node.map(({ output }) =>
          output.find((value) => used.has(value)) ?? output[0]
        ),
      ]
    ) assert.ok(used.has(value), `${name}: ${value} is idle`);
    assert.deepEqual(
      names(model.graph.output).sort(),
      [
        ...newState.map((entry) => `new/${entry}`),
        ...outputs.map((output) => `output/${output}`),
      ].sort(),
    );
    for (const input of names(model.graph.input)) {
      assert.ok(
        input.startsWith("state/")
          ? input.slice(6) in state
          : input.startsWith("input/") && input.slice(6) in inputs,
        input,
      );
    }
  }
});
