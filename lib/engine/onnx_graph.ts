/**
 * An ONNX graph under construction, and its serialised form.
 *
 * A graph is a list of nodes in order of execution over named values of known
 * shape and type. What the outputs do not need is left out on serialisation.
 *
 * Source: ONNX IR version 8, opset 18 (onnx/onnx, `onnx.proto`); only the messages
 * and fields used here are declared.
 *
 * @module
 */

import protobuf from "protobufjs";
import type { ElementType } from "../core/tensors.ts";

/** ONNX `TensorProto.DataType` numbers; `int64` occurs only inside a graph. */
const DATA_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** A value of the graph: what a node puts out, an input, or a constant. */
export interface GraphValue {
  readonly name: string;
  readonly type: ElementType | "int64";
  readonly shape: readonly number[];
}

/** Attribute values: an integer, a real number, a list of integers, or a text. */
export type Attribute =
  | number
  | { readonly real: number }
  | readonly number[]
  | string;

/** A node: an operator, and names of the values it takes and puts out. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant: its elements in a file's byte order. */
export interface GraphConstant extends GraphValue {
  readonly bytes: Uint8Array;
}

/** An input or output of a file; a size that is left open is a name. */
export interface OpenValue extends Pick<GraphValue, "name" | "type"> {
  readonly shape: readonly (number | string)[];
}

/** What a file holds: nodes in order of execution, and what they start from. */
export interface GraphParts {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly GraphConstant[];
  readonly inputs: readonly OpenValue[];
  readonly outputs: readonly OpenValue[];
}

const OPSET_VERSION = 18;
const IR_VERSION = 8;

/** Operators that read an element of an operand of full size to write that of the result. */
const ELEMENTWISE: ReadonlySet<string> = new Set(["Add", "Div", "Mul", "Sub"]);

const ONNX_PROTO = `
  syntax = "proto2";
  package onnx;
  message AttributeProto {
    optional string name = 1; optional float f = 2; optional int64 i = 3;
    optional bytes s = 4;
    repeated int64 ints = 8; optional int32 type = 20;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2;
    optional string name = 3; optional string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message TensorProto {
    repeated int64 dims = 1; optional int32 data_type = 2;
    optional string name = 8; optional bytes raw_data = 9;
  }
  message Dimension {
    optional int64 dim_value = 1; optional string dim_param = 2;
  }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorType {
    optional int32 elem_type = 1; optional TensorShapeProto shape = 2;
  }
  message TypeProto { optional TensorType tensor_type = 1; }
  message ValueInfoProto {
    optional string name = 1; optional TypeProto type = 2;
  }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2;
    repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto {
    optional string domain = 1; optional int64 version = 2;
  }
  message ModelProto {
    optional int64 ir_version = 1; optional string producer_name = 2;
    optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
  }
`;

let modelMessage: protobuf.Type | undefined;

/** Collects nodes and constants; `serialize` turns them into a model file. */
export class OnnxGraph {
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, GraphConstant>();
  readonly #inputs: GraphValue[] = [];
  readonly #outputs: GraphValue[] = [];
  readonly #scalars = new Map<string, GraphValue>();
  /** Numbers of elements of the values that nodes put out, by name. */
  readonly #sizes = new Map<string, number>();
  /** Names that values get because they are outputs. */
  readonly #renamed = new Map<string, string>();
  /** What `#neededNodes` found, until the graph grows. */
  #needed: readonly GraphNode[] | undefined;
  #names = 0;

  /** Names of the operators in order of execution, for snapshots. */
  get operators(): string[] {
    return this.#neededNodes().map((node) => node.operator);
  }

  /** Names of the inputs that the outputs depend on. */
  get neededInputs(): string[] {
    const used = this.#usedNames();
    return this.#inputs.map((input) => input.name).filter((n) => used.has(n));
  }

  /** Declares an input. */
  input(
    name: string,
    type: ElementType,
    shape: readonly number[],
  ): GraphValue {
    const value = { name, type, shape };
    this.#inputs.push(value);
    return value;
  }

  /**
   * Makes `value` an output under `name`.
   *
   * What a node put out gets the name itself, once; an input, a constant or a value that is
   * an output already is copied by an Identity node.
   */
  output(name: string, value: GraphValue): void {
    this.#needed = undefined;
    if (this.#sizes.has(value.name) && !this.#renamed.has(value.name)) {
      this.#renamed.set(value.name, name);
      this.#sizes.set(name, _elements(value));
    } else {
      this.#nodes.push({
        operator: "Identity",
        inputs: [value.name],
        outputs: [name],
        attributes: {},
      });
    }
    this.#outputs.push({ ...value, name });
  }

  /** Adds a node with one output. */
  node(
    operator: string,
    inputs: readonly GraphValue[],
    attributes: Readonly<Record<string, Attribute>>,
    type: GraphValue["type"],
    shape: readonly number[],
  ): GraphValue {
    return this.nodes(operator, inputs, attributes, type, [shape])[0];
  }

  /** Adds a node with one output for each shape. */
  nodes(
    operator: string,
    inputs: readonly GraphValue[],
    attributes: Readonly<Record<string, Attribute>>,
    type: GraphValue["type"],
    shapes: readonly (readonly number[])[],
  ): GraphValue[] {
    const values = shapes.map((shape) => ({ name: this.#name(), type, shape }));
    this.#needed = undefined;
    for (const value of values) this.#sizes.set(value.name, _elements(value));
    this.#nodes.push({
      operator,
      inputs: inputs.map((input) => input.name),
      outputs: values.map((value) => value.name),
      attributes,
    });
    return values;
  }

  /** Adds a constant; one of a single repeated value is stored as a scalar and expanded. */
  constant(
    data: ArrayLike<number>,
    type: GraphValue["type"],
    shape: readonly number[],
  ): GraphValue {
    if (data.length > 1 && _isUniform(data)) {
      return this.fill(data[0], type, shape);
    }
    // Small constants (scalars, shapes, axes) recur: one copy of each is kept.
    const key = data.length <= 8
      ? `${type}/${shape}/${
        Array.from(data, (x) => Object.is(x, -0) ? "-0" : x)
      }`
      : null;
    const known = key === null ? undefined : this.#scalars.get(key);
    if (known !== undefined) return known;
    const value = { name: this.#name(), type, shape };
    this.#constants.set(value.name, { ...value, bytes: _bytes(data, type) });
    if (key !== null) this.#scalars.set(key, value);
    return value;
  }

  /** A constant tensor of one repeated value. */
  fill(
    value: number,
    type: GraphValue["type"],
    shape: readonly number[],
  ): GraphValue {
    const scalar = this.constant([value], type, []);
    if (shape.length === 0) return scalar;
    return this.node("Expand", [scalar, this.integers(shape)], {}, type, shape);
  }

  /** A constant vector of 64-bit integers: shapes, axes, indices. */
  integers(values: readonly number[]): GraphValue {
    const name = `integers ${values.join(",")}`;
    if (!this.#constants.has(name)) {
      this.#constants.set(name, {
        name,
        type: "int64",
        shape: [values.length],
        bytes: _bytes(values, "int64"),
      });
    }
    return { name, type: "int64", shape: [values.length] };
  }

  /**
   * Whether an output may be written over an input of its shape: whatever reads the input
   * comes before the node that makes the output, or is that node and works element by element.
   *
   * A node between that changes no size counts as the input itself, since a runtime may leave
   * it out or let it share the input's memory.
   */
  mayOverwrite(input: string, output: string): boolean {
    const nodes = this.#neededNodes();
    const last = nodes.findIndex((node) => node.outputs.includes(output));
    const maker = nodes[last];
    const needed = new Set(maker.inputs);
    const before = new Set<GraphNode>();
    // Nodes stand in order of execution.
    for (let i = last - 1; i >= 0; i--) {
      const node = nodes[i];
      if (!node.outputs.some((name) => needed.has(name))) continue;
      before.add(node);
      for (const name of node.inputs) needed.add(name);
    }
    const size = _elements(this.#inputs.find(({ name }) => name === input)!);
    const shared = new Set([input]);
    for (const node of nodes) {
      if (!node.inputs.some((name) => shared.has(name))) continue;
      if (node === maker) {
        if (!ELEMENTWISE.has(node.operator)) return false;
      } else if (before.has(node)) {
        for (const name of node.outputs) {
          if (this.#sizes.get(name) === size) shared.add(name);
        }
      } else return false;
    }
    return true;
  }

  /**
   * Serialises the graph as an ONNX model file.
   *
   * @param name The graph's name inside the file.
   */
  serialize(name: string): Uint8Array {
    return serializeGraph(name, this.parts());
  }

  /** What the outputs need. */
  parts(): GraphParts {
    const used = this.#usedNames();
    return {
      nodes: this.#neededNodes(),
      constants: [...this.#constants.values()]
        .filter((constant) => used.has(constant.name)),
      inputs: this.#inputs.filter((input) => used.has(input.name)),
      outputs: this.#outputs,
    };
  }

  #name(): string {
    return `v${this.#names++}`;
  }

  /** The nodes that an output depends on, in order, with the outputs' names in place. */
  #neededNodes(): readonly GraphNode[] {
    if (this.#needed !== undefined) return this.#needed;
    const rename = (name: string) => this.#renamed.get(name) ?? name;
    const needed = new Set(this.#outputs.map((output) => output.name));
    const kept: GraphNode[] = [];
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const outputs = this.#nodes[i].outputs.map(rename);
      if (!outputs.some((name) => needed.has(name))) continue;
      const inputs = this.#nodes[i].inputs.map(rename);
      kept.push({ ...this.#nodes[i], inputs, outputs });
      for (const name of inputs) needed.add(name);
    }
    return this.#needed = kept.reverse();
  }

  #usedNames(): Set<string> {
    return new Set(this.#neededNodes().flatMap((node) => node.inputs));
  }
}

/**
 * Serialises the parts of a graph as an ONNX model file.
 *
 * @param name The graph's name inside the file.
 */
export function serializeGraph(
  name: string,
  { nodes, constants, inputs, outputs }: GraphParts,
): Uint8Array {
  modelMessage ??= protobuf.parse(ONNX_PROTO, { keepCase: true }).root
    .lookupType("onnx.ModelProto");
  return modelMessage.encode({
    ir_version: IR_VERSION,
    producer_name: "arch-llm",
    opset_import: [{ domain: "", version: OPSET_VERSION }],
    graph: {
      name,
      node: nodes.map((node, i) => ({
        name: `${i} ${node.operator}`,
        op_type: node.operator,
        input: node.inputs,
        output: node.outputs,
        attribute: Object.entries(node.attributes).map(_attribute),
      })),
      initializer: constants.map((constant) => ({
        name: constant.name,
        data_type: DATA_TYPES[constant.type],
        dims: constant.shape,
        raw_data: constant.bytes,
      })),
      input: inputs.map(_valueInfo),
      output: outputs.map(_valueInfo),
    },
  }).finish();
}

function _elements({ shape }: GraphValue): number {
  return shape.reduce((product, size) => product * size, 1);
}

function _attribute([name, value]: [string, Attribute]): object {
  // Types: 1 FLOAT, 2 INT, 3 STRING, 7 INTS (AttributeProto.AttributeType).
  if (typeof value === "number") return { name, type: 2, i: value };
  if (typeof value === "string") {
    return { name, type: 3, s: new TextEncoder().encode(value) };
  }
  if ("real" in value) return { name, type: 1, f: value.real };
  return { name, type: 7, ints: value };
}

function _valueInfo(value: OpenValue): object {
  return {
    name: value.name,
    type: {
      tensor_type: {
        elem_type: DATA_TYPES[value.type],
        shape: {
          dim: value.shape.map((size) =>
            typeof size === "string" ? { dim_param: size } : { dim_value: size }
          ),
        },
      },
    },
  };
}

function _isUniform(data: ArrayLike<number>): boolean {
  for (let i = 1; i < data.length; i++) {
    if (!Object.is(data[i], data[0])) return false;
  }
  return true;
}

function _bytes(
  data: ArrayLike<number>,
  type: GraphValue["type"],
): Uint8Array {
  switch (type) {
    case "float32":
      return new Uint8Array(Float32Array.from(data).buffer);
    case "int32":
      return new Uint8Array(Int32Array.from(data).buffer);
    case "int64":
      return new Uint8Array(
        BigInt64Array.from(Array.from(data, (x) => BigInt(x))).buffer,
      );
    case "bool":
      return Uint8Array.from(data);
  }
}
