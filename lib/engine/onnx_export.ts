/**
 * Functions as ONNX models for other programs: sizes left open, weights inside.
 *
 * A trace knows sizes as numbers only. So a function is traced at a prime number for each
 * size that is to stay open; a whole number of the graph that is a multiple of it is then
 * computed from the shape of an input instead. That is done twice, with other primes, and
 * has to come to the same graph: nothing that was made for one size can stay in it.
 *
 * @module
 */

import type { HostTensors } from "../core/tensors.ts";
import { traceStep } from "./onnx_executor.ts";
import {
  type GraphConstant,
  type GraphNode,
  type GraphParts,
  type OpenValue,
  serializeGraph,
} from "./onnx_graph.ts";
import type { Tensors } from "./tensorflow.ts";

/** An input of an exported function. */
export interface OpenInput {
  /** With `int64` the function gets int32. */
  readonly type: OpenValue["type"];
  /** Sizes; a name leaves one open. */
  readonly shape: readonly (number | string)[];
}

/** What to export. */
export interface ExportedFunction {
  /** The model's name inside the file. */
  readonly name: string;
  /** Makes the outputs, under their names in the file. */
  readonly run: (weights: Tensors, inputs: Tensors) => Tensors;
  /** Those that the outputs need are stored, under the same names. */
  readonly weights: HostTensors;
  readonly inputs: Readonly<Record<string, OpenInput>>;
  /**
   * Sizes that are sums and differences of those of the inputs, by name: how often each
   * of them is added, as in `{ total: { past: 1, new: 1 } }`.
   */
  readonly sums?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * What open sizes are traced at, in the order in which the inputs name them. Prime, so that a
 * multiple tells which; larger than what fixed sizes have for factors; falling, so that a
 * difference in that order is positive.
 */
const PRIMES = [
  [59_467, 40_993, 15_671, 3331, 1103],
  [59_387, 40_597, 13_001, 4273, 1709],
] as const;

/** ONNX's number of int32, for Cast. */
const INT32 = 6;

/** Files of protocol buffers end here. */
const LARGEST_FILE = 2 ** 31 - 1;

/**
 * Exports a function.
 *
 * @returns An ONNX model file.
 * @throws {Error} If what it computes depends on a size that is left open in another way
 *   than through shapes: a table made in advance, a number divided by it.
 * @throws {RangeError} If the file were larger than 2 GB.
 */
export function exportOnnx(exported: ExportedFunction): Uint8Array {
  const { name, weights } = exported;
  const [first, second] = PRIMES.map((primes) => _openParts(exported, primes));
  _checkEqual(name, first, second);
  const stored: GraphConstant[] = first.weights.map((key) => {
    const { type, shape, data } = weights[key];
    const bytes = new Uint8Array(
      data.buffer,
      data.byteOffset,
      data.byteLength,
    );
    return { name: key, type, shape, bytes };
  });
  const size = stored.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > LARGEST_FILE) {
    throw new RangeError(
      `Cannot export ${name}: its weights must take less than 2 GB in one file, got ${
        (size / 1e9).toFixed(1)
      } GB`,
    );
  }
  return serializeGraph(name, {
    ...first.parts,
    constants: [...first.parts.constants, ...stored],
  });
}

interface OpenParts {
  readonly parts: GraphParts;
  /** Names of the weights that are used. */
  readonly weights: readonly string[];
}

/** Traces at the sizes given and opens them. */
function _openParts(
  exported: ExportedFunction,
  primes: readonly number[],
): OpenParts {
  const { name, run, weights, inputs } = exported;
  const sizes = new OpenSizes(exported, primes);
  const traced = traceStep(
    (state, values) => ({ outputs: run(state, values) }),
    weights,
    Object.fromEntries(
      Object.entries(inputs).map(([key, { type, shape }]) => [key, {
        type: type === "int64" ? "int32" : type,
        shape: shape.map((size) => sizes.traced(size)),
      }]),
    ),
  ).graph.parts();
  // Tracing puts a prefix before each name: state/, input/, output/.
  const renamed = new Map<string, string>();
  const bare = (value: string) => value.slice(value.indexOf("/") + 1);
  const casts: GraphNode[] = [];
  for (const [key, { type }] of Object.entries(inputs)) {
    if (!traced.inputs.some((input) => input.name === `input/${key}`)) {
      throw new Error(
        `Cannot export ${name}: it must use each input, got no use of ${key}`,
      );
    }
    if (type !== "int64") {
      renamed.set(`input/${key}`, key);
      continue;
    }
    const cast = `${key} as int32`;
    renamed.set(`input/${key}`, cast);
    casts.push({
      operator: "Cast",
      inputs: [key],
      outputs: [cast],
      attributes: { to: INT32 },
    });
  }
  const used = traced.inputs.map((input) => input.name)
    .filter((input) => input.startsWith("state/"));
  for (const key of used) renamed.set(key, bare(key));
  for (const output of traced.outputs) {
    renamed.set(output.name, bare(output.name));
  }
  const constants: GraphConstant[] = [];
  for (const constant of traced.constants) {
    const open = constant.type === "int64" && constant.shape.length === 1
      ? sizes.vector(_integers(constant.bytes))
      : null;
    if (open === null) constants.push(constant);
    else renamed.set(constant.name, open);
  }
  const rename = (value: string) => renamed.get(value) ?? value;
  const nodes = traced.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  return {
    weights: used.map(bare),
    parts: {
      nodes: [...sizes.nodes, ...casts, ...nodes],
      constants: [...constants, ...sizes.constants],
      inputs: Object.entries(inputs).map(([key, { type, shape }]) => ({
        name: key,
        type,
        shape,
      })),
      outputs: traced.outputs.map((output) => ({
        name: rename(output.name),
        type: output.type,
        shape: (output.shape as number[]).map((size) => sizes.open(size)),
      })),
    },
  };
}

/** Fails unless two traces at different sizes came to the same. */
function _checkEqual(name: string, first: OpenParts, second: OpenParts): void {
  const text = (constant: GraphConstant | undefined) =>
    constant && `${constant.shape}: ${constant.bytes}`;
  const { constants } = second.parts;
  const fixed = first.parts.constants.find((constant, i) =>
    constant.name !== constants[i]?.name ||
    text(constant) !== text(constants[i])
  );
  const same = ({ parts }: OpenParts) =>
    JSON.stringify({ ...parts, constants: parts.constants.length });
  if (fixed === undefined && same(first) === same(second)) return;
  throw new Error(
    `Cannot export ${name}: what it computes must not be made for one size, got ${
      fixed === undefined
        ? "nodes that differ with it"
        : `a constant of shape [${fixed.shape.join(", ")}] when traced at ${
          PRIMES[0].join(", ")
        }`
    }`,
  );
}

/** Sizes that are left open, and the nodes that compute them. */
class OpenSizes {
  readonly nodes: GraphNode[] = [];
  readonly constants: GraphConstant[] = [];
  /** What each size is traced at. */
  readonly #traced = new Map<string, number>();
  readonly #known = new Set<string>();
  readonly #inputs: ExportedFunction["inputs"];
  readonly #sums: NonNullable<ExportedFunction["sums"]>;

  constructor(
    { name: exported, inputs, sums = {} }: ExportedFunction,
    primes: readonly number[],
  ) {
    this.#inputs = inputs;
    this.#sums = sums;
    const names = new Set(
      Object.values(inputs).flatMap(({ shape }) => shape)
        .filter((size) => typeof size === "string"),
    );
    if (names.size > primes.length) {
      throw new RangeError(
        `Cannot export ${exported}: its inputs must have at most ${primes.length} open sizes, got ${names.size}`,
      );
    }
    [...names].forEach((name, i) => this.#traced.set(name, primes[i]));
    for (const [name, terms] of Object.entries(sums)) {
      const value = Object.entries(terms).reduce(
        (sum, [term, times]) => sum + times * this.traced(term),
        0,
      );
      if (!(value > 0)) {
        throw new RangeError(
          `Cannot export ${exported}: ${name} must be a sum of sizes of its inputs that is positive where those named first are the largest, got ${value}`,
        );
      }
      this.#traced.set(name, value);
    }
  }

  /** The number that stands for a size. */
  traced(size: number | string): number {
    return typeof size === "number" ? size : this.#traced.get(size)!;
  }

  /** A size as a file declares it: a number, or a name or product of names. */
  open(size: number): number | string {
    const { times, names } = this.#factors(size);
    if (names.length === 0) return size;
    return [...(times === 1 ? [] : [times]), ...names].join("*");
  }

  /**
   * Makes nodes that compute a vector of integers.
   *
   * @returns The name of their result; null where all integers are fixed.
   */
  vector(values: readonly number[]): string | null {
    const factors = values.map((value) => this.#factors(value));
    if (factors.every(({ names }) => names.length === 0)) return null;
    const elements = factors.map(({ times, names }) => {
      const parts = names.map((name) => this.#size(name));
      if (names.length === 0 || times !== 1) parts.push(this.#integer(times));
      return parts.reduce((product, part) =>
        this.#node("Mul", [product, part], `${product}*${part}`)
      );
    });
    if (elements.length === 1) return elements[0];
    return this.#node("Concat", elements, `[${elements.join(", ")}]`, {
      axis: 0,
    });
  }

  /** Open sizes that multiply to a number, and what is left of it. */
  #factors(value: number): { times: number; names: string[] } {
    const names: string[] = [];
    let times = value;
    for (const [name, size] of this.#traced) {
      while (times !== 0 && times % size === 0) {
        names.push(name);
        times /= size;
      }
    }
    return { times, names };
  }

  /** One open size as a vector of one element. */
  #size(name: string): string {
    const terms = this.#sums[name];
    if (terms !== undefined) {
      return Object.entries(terms).map(([term, times]) =>
        times === 1 ? this.#size(term) : this.#node(
          "Mul",
          [this.#size(term), this.#integer(times)],
          `${term}*${times}`,
        )
      ).reduce((sum, term) => this.#node("Add", [sum, term], `${sum}+${term}`));
    }
    const [input, { shape }] = Object.entries(this.#inputs).find((
      [, { shape }],
    ) => shape.includes(name))!;
    const axis = shape.indexOf(name);
    return this.#node("Shape", [input], `size ${name}`, {
      start: axis,
      end: axis + 1,
    });
  }

  #integer(value: number): string {
    const name = `integer ${value}`;
    if (!this.#known.has(name)) {
      this.#known.add(name);
      this.constants.push({
        name,
        type: "int64",
        shape: [1],
        bytes: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
      });
    }
    return name;
  }

  /** Adds a node once; its result is named as what it is. */
  #node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: GraphNode["attributes"] = {},
  ): string {
    if (!this.#known.has(output)) {
      this.#known.add(output);
      this.nodes.push({ operator, inputs, outputs: [output], attributes });
    }
    return output;
  }
}

function _integers(bytes: Uint8Array): number[] {
  return Array.from(
    new BigInt64Array(bytes.slice().buffer),
    (value) => Number(value),
  );
}
