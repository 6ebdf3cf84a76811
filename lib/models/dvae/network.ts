/**
 * The networks of D-VAE: an encoder that updates vertices in topological order, each by those
 * that feed it, and a decoder that adds a vertex at a time and decides its edges one by one.
 *
 * With a graph given, the states that the decoder's edges are decided from depend only on what
 * vertices before them send: all of them, of every vertex, are computed at once.
 *
 * Shapes: `B` graphs, `N` vertices, `T` types, `H` state of a vertex, `L` latent, `P` pairs of a
 * vertex and one before it, `N (N − 1) / 2`, by the later one and then by the earlier.
 * Source: Zhang et al. 2019, arXiv:1904.11088, and its code (muhanzhang/D-VAE, `models.py`),
 * with vertex ids and both directions, as its commands for neural networks have it.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { relu } from "../../nn/layers.ts";
import {
  sigmoidCrossEntropy,
  softmaxCrossEntropyOneHot,
} from "../../nn/losses.ts";
import {
  initialLinear,
  initialMlp,
  mlp,
  namedLinear,
  uniformTensor,
} from "../../nn/mlp.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { gruCell, initialGru } from "../../nn/recurrent.ts";
import { atNode, BETA, noisyLatents } from "../graph_autoencoder_network.ts";
import type { DvaeConfig } from "./config.ts";

/** A layer that the code makes and never uses. It counts among its parameters. */
const UNUSED = "encoder.vertex";

/** Draws initial weights: PyTorch's. */
export function initialDvaeWeights(
  { nodes, types, stateDim: H, latentDim: L }: DvaeConfig,
  random: Random,
): HostTensors {
  const linear = (name: string, inputs: number, outputs: number) =>
    initialLinear(name, [inputs, outputs], random);
  const gru = (name: string) =>
    initialGru(name, { inputs: types, hidden: H }, random);
  // A vertex sends its state, with its place beside it.
  const messages = (way: string) => ({
    ...linear(`${way}.gate`, H + nodes, H),
    [`${way}.mapper.weight`]: uniformTensor(
      [H, H + nodes],
      1 / Math.sqrt(H + nodes),
      random,
    ),
  });
  return {
    ...messages("forward"),
    ...messages("backward"),
    ...gru("encoder.forward"),
    ...gru("encoder.backward"),
    ...linear("encoder.graph", 2 * H, H),
    ...linear(UNUSED, 2 * H, H),
    ...linear("encoder.mean", H, L),
    ...linear("encoder.logVariance", H, L),
    ...linear("decoder.start", L, H),
    ...gru("decoder.vertex"),
    ...initialMlp("decoder.type", [H, 2 * H, types], random),
    ...initialMlp("decoder.edge", [2 * H, 4 * H, 1], random),
  };
}

/** Whether a weight takes part in training. */
export function isTrained(name: string): boolean {
  return !name.startsWith(UNUSED);
}

/** Graphs, smaller ones filled up. */
export interface GraphTensors {
  /** One-hot types, `[B, N, T]`; zeros for vertices that fill up. */
  readonly types: tf.Tensor;
  /** 1 at `[u, v]` for the edge `u → v`, `[B, N, N]`. */
  readonly adjacency: tf.Tensor;
}

/** Graphs among the inputs of a step. */
export function graphInputs(inputs: Tensors): GraphTensors {
  return { types: inputs.operations, adjacency: inputs.adjacency };
}

/** One-hot rows of types, `[B]` to `[B, T]`. */
function _oneHot(types: tf.Tensor, count: number): tf.Tensor {
  return tf.cast(tf.oneHot(types as tf.Tensor1D, count), "float32");
}

/** The same type for every graph, `[B]`. */
function _same(type: number, batch: number): tf.Tensor {
  return tf.fill([batch], type, "int32");
}

/** `[B, n, D]` as rows, `[B · n, D]`. */
function _rows(tensor: tf.Tensor): tf.Tensor {
  return tf.reshape(tensor, [-1, tensor.shape.at(-1)!]);
}

/** 1 for each vertex of a graph, 0 for those that fill it up, `[B, N]`. */
function _present({ types }: GraphTensors): tf.Tensor {
  return tf.sum(types, 2);
}

/**
 * What a vertex sends along its edges, `[B, H]`.
 *
 * @param way `forward` or `backward`.
 * @param h `[B, H]`.
 */
function _message(
  state: Tensors,
  way: string,
  h: tf.Tensor,
  vertex: number,
  nodes: number,
): tf.Tensor {
  const place = _oneHot(_same(vertex, h.shape[0]), nodes);
  const x = tf.concat([h, place], 1);
  return tf.mul(
    tf.sigmoid(namedLinear(state, `${way}.gate`, x)),
    namedLinear(state, `${way}.mapper`, x),
  );
}

/** Vertices in the order of their updates. */
interface Order {
  /** One-hot types, `[B, N, T]`. */
  readonly types: tf.Tensor;
  /** 1 at `[v, u]` where `v` gets what `u`, before it, sends, `[B, N, N]`. */
  readonly into: tf.Tensor;
  /** Hidden input of the first, `[B, H]`. */
  readonly first: tf.Tensor;
  /** The vertex at a place of the order. */
  vertexAt(place: number): number;
}

/** States of vertices, and what all but the last send, `[B, H]` each. */
interface Updated {
  readonly states: tf.Tensor[];
  readonly messages: tf.Tensor[];
}

/** Updates each vertex by a GRU cell: its type, and the sum of what it gets. */
function _update(
  state: Tensors,
  cell: string,
  way: string,
  { types, into, first, vertexAt }: Order,
): Updated {
  const [batch, nodes] = types.shape;
  const states: tf.Tensor[] = [];
  const messages: tf.Tensor[] = [];
  for (let place = 0; place < nodes; place++) {
    const hidden = place === 0 ? first : tf.reshape(
      tf.matMul(
        tf.slice(into, [0, place, 0], [batch, 1, place]),
        tf.stack(messages, 1),
      ),
      first.shape,
    );
    const h = gruCell(state, cell, atNode(types, place), hidden);
    states.push(h);
    if (place < nodes - 1) {
      messages.push(_message(state, way, h, vertexAt(place), nodes));
    }
  }
  return { states, messages };
}

/** `into` along edges. */
function _along(adjacency: tf.Tensor): tf.Tensor {
  return tf.transpose(adjacency, [0, 2, 1]);
}

/** State of the last vertex that a graph has up to each vertex, `[B, H]` each. */
function _lastStates(
  states: readonly tf.Tensor[],
  present: tf.Tensor,
): tf.Tensor[] {
  const last = [states[0]];
  for (let vertex = 1; vertex < states.length; vertex++) {
    const before = last[vertex - 1];
    const isPresent = tf.expandDims(atNode(present, vertex), 1);
    last.push(
      tf.add(before, tf.mul(isPresent, tf.sub(states[vertex], before))),
    );
  }
  return last;
}

/** Mean and logarithm of the variance of latents, `[B, L]` each. */
export function encode(
  { nodes, stateDim }: DvaeConfig,
  state: Tensors,
  graph: GraphTensors,
): { readonly mean: tf.Tensor; readonly logVariance: tf.Tensor } {
  const { types, adjacency } = graph;
  const first = tf.zeros([types.shape[0], stateDim]);
  const along = _update(state, "encoder.forward", "forward", {
    ...{ types, into: _along(adjacency), first },
    vertexAt: (place) => place,
  });
  // Against edges, from the last vertex to the first; those that fill up send nothing.
  const against = _update(state, "encoder.backward", "backward", {
    types: tf.reverse(types, 1),
    into: tf.reverse(adjacency, [1, 2]),
    first,
    vertexAt: (place) => nodes - 1 - place,
  });
  const end = _lastStates(along.states, _present(graph))[nodes - 1];
  const start = against.states[nodes - 1];
  const h = namedLinear(state, "encoder.graph", tf.concat([end, start], 1));
  return {
    mean: namedLinear(state, "encoder.mean", h),
    logVariance: namedLinear(state, "encoder.logVariance", h),
  };
}

/** Hidden input of the decoder's first vertex, `[B, H]`. */
function _start(state: Tensors, z: tf.Tensor): tf.Tensor {
  return tf.tanh(namedLinear(state, "decoder.start", z));
}

/** Logits of the next vertex's type, `[M, T]`, from states of the last one, `[M, H]`. */
function _typeLogits(state: Tensors, h: tf.Tensor): tf.Tensor {
  return mlp(state, "decoder.type", h, 2, relu);
}

/** What a decoder decides by. */
export interface Logits {
  /** Of the type of each vertex but the first, `[B, N − 1, T]`. */
  readonly types: tf.Tensor;
  /** Of the edge between each pair, `[B, P]`. */
  readonly edges: tf.Tensor;
}

/** All pairs of a vertex and one before it. */
function _pairs(nodes: number): { source: number; target: number }[] {
  const pairs = [];
  for (let target = 1; target < nodes; target++) {
    for (let source = 0; source < target; source++) {
      pairs.push({ source, target });
    }
  }
  return pairs;
}

/** A matrix of a row for each pair and a column for each vertex but the last, `[B, P, N − 1]`. */
function _ofPairs(
  batch: number,
  nodes: number,
  is: (pair: { source: number; target: number }, vertex: number) => boolean,
): tf.Tensor {
  const rows = _pairs(nodes).map((pair) =>
    Array.from({ length: nodes - 1 }, (_, vertex) => Number(is(pair, vertex)))
  );
  return tf.tile(tf.tensor3d([rows]), [batch, 1, 1]);
}

/** What the decoder decides by in writing graphs, each decision given those before it. */
export function forcedLogits(
  { nodes }: DvaeConfig,
  state: Tensors,
  graph: GraphTensors,
  z: tf.Tensor,
): Logits {
  const { types, adjacency } = graph;
  const [batch] = types.shape;
  const into = _along(adjacency);
  const { states, messages } = _update(state, "decoder.vertex", "forward", {
    ...{ types, into, first: _start(state, z) },
    vertexAt: (place) => place,
  });
  const present = _present(graph);
  const last = tf.stack(_lastStates(states, present).slice(0, -1), 1); // [B, N − 1, H]
  const typeLogits = _typeLogits(state, _rows(last));

  const targets = tf.tensor1d(
    _pairs(nodes).map(({ target }) => target),
    "int32",
  );
  const ofTargets = (tensor: tf.Tensor) => tf.gather(tensor, targets, 1);
  // An edge is decided when those from later vertices are there: [B, P, N − 1] · [B, N − 1, H]
  const decided = tf.mul(
    tf.slice(ofTargets(into), [0, 0, 0], [batch, -1, nodes - 1]),
    _ofPairs(batch, nodes, ({ source }, vertex) => vertex > source),
  );
  const hidden = tf.matMul(decided, tf.stack(messages, 1));
  const targetStates = gruCell(
    state,
    "decoder.vertex",
    _rows(ofTargets(types)),
    _rows(hidden),
  ); // [B · P, H]
  // A vertex that fills up has no state, as the code has it.
  const ofPresent = tf.mul(
    targetStates,
    tf.reshape(ofTargets(present), [-1, 1]),
  );
  const sources = tf.mul(
    tf.stack(states.slice(0, -1), 1),
    tf.expandDims(tf.slice(present, [0, 0], [batch, nodes - 1]), 2),
  );
  // The first layer in two parts: that of sources once a vertex, that of targets once a pair.
  const [ofSource, ofTarget] = tf.split(state["decoder.edge.0.weight"], 2, 1);
  const product = (x: tf.Tensor, weight: tf.Tensor) =>
    tf.matMul(_rows(x), weight, false, true);
  const bySource = tf.matMul(
    _ofPairs(batch, nodes, ({ source }, vertex) => vertex === source),
    tf.reshape(product(sources, ofSource), [batch, nodes - 1, -1]),
  );
  const layer = relu(
    tf.add(
      tf.add(product(ofPresent, ofTarget), state["decoder.edge.0.bias"]),
      _rows(bySource),
    ),
  );
  return {
    types: tf.reshape(typeLogits, [batch, nodes - 1, -1]),
    edges: tf.reshape(namedLinear(state, "decoder.edge.1", layer), [batch, -1]),
  };
}

/**
 * The loss of writing graphs, in nats: the mean over graphs of the cross-entropies of all types
 * and edges. Vertices that fill up count, as in the code: as ones of the first type, which no
 * other vertex has, without edges.
 */
export function writingLoss(
  config: DvaeConfig,
  state: Tensors,
  graph: GraphTensors,
  z: tf.Tensor,
): tf.Tensor {
  const { nodes, types: count, first } = config;
  const { types, adjacency } = graph;
  const [batch] = types.shape;
  const logits = forcedLogits(config, state, graph, z);
  const absent = tf.expandDims(tf.sub(1, _present(graph)), 2); // [B, N, 1]
  const filled = tf.add(
    types,
    tf.mul(absent, _oneHot(_same(first, nodes), count)),
  );
  const typeLoss = softmaxCrossEntropyOneHot(
    _rows(logits.types),
    _rows(tf.slice(filled, [0, 1, 0], [batch, nodes - 1, count])),
  );
  const places = tf.tensor1d(
    _pairs(nodes).map(({ source, target }) => source * nodes + target),
    "int32",
  );
  const edges = tf.gather(tf.reshape(adjacency, [batch, -1]), places, 1);
  const edgeLoss = sigmoidCrossEntropy(logits.edges, edges);
  return tf.div(tf.add(tf.sum(typeLoss), tf.sum(edgeLoss)), batch);
}

/**
 * The loss of a training step: writing, and the divergence from the prior.
 *
 * Differs from the source: a mean over graphs, not their sum, which Adam's steps do not depend on.
 *
 * Inputs are `operations`, `[B, N, T]`, `adjacency`, `[B, N, N]`, and `noise`, `[B, L]`, normal.
 */
export function dvaeLoss(
  config: DvaeConfig,
  state: Tensors,
  inputs: Tensors,
): LossResult {
  const graph = graphInputs(inputs);
  const { mean, logVariance } = encode(config, state, graph);
  const z = noisyLatents({ mean, logVariance }, inputs.noise);
  const writing = writingLoss(config, state, graph, z);
  const divergence = tf.mul(
    -0.5 / z.shape[0],
    tf.sum(
      tf.sub(
        tf.add(1, logVariance),
        tf.add(tf.square(mean), tf.exp(logVariance)),
      ),
    ),
  );
  return {
    loss: tf.add(writing, tf.mul(BETA, divergence)),
    outputs: { writing, divergence },
  };
}

/**
 * Writes graphs from latents, types and edges drawn, a vertex's edges from the nearest vertex
 * back. The last vertex gets no drawn edges, but one from each vertex that has led nowhere.
 *
 * @param inputs `z`, `[B, L]`; `typeNoise`, `[B, N, T]`, Gumbel noise; `edgeNoise`, `[B, N, N]`,
 *   uniform in [0, 1).
 * @returns `types`, `[B, N]`, and `adjacency`, `[B, N, N]`; what comes after a vertex of the last
 *   type is of no meaning. `logits`: what was decided by.
 */
export function writeGraphs(
  { nodes, types: count, first, last, stateDim }: DvaeConfig,
  state: Tensors,
  { z, typeNoise, edgeNoise }: Tensors,
): {
  readonly types: tf.Tensor;
  readonly adjacency: tf.Tensor;
  readonly logits: Logits;
} {
  const batch = z.shape[0];
  const cell = (type: tf.Tensor, hidden: tf.Tensor) =>
    gruCell(state, "decoder.vertex", type, hidden);
  const types = [_same(first, batch)];
  const states = [cell(_oneHot(types[0], count), _start(state, z))];
  const messages: tf.Tensor[] = [];
  /** 1 where a vertex has led nowhere yet, `[B, 1]` each. */
  const loose: tf.Tensor[] = [];
  /** Edges into each vertex, `[B, N]` each. */
  const columns: tf.Tensor[] = [tf.zeros([batch, nodes])];
  const typeLogits: tf.Tensor[] = [], edgeLogits: tf.Tensor[] = [];
  for (let vertex = 1; vertex < nodes; vertex++) {
    const before = states[vertex - 1];
    messages.push(_message(state, "forward", before, vertex - 1, nodes));
    loose.push(tf.ones([batch, 1]));
    const logits = _typeLogits(state, before);
    const type = vertex === nodes - 1 ? _same(last, batch) : tf.cast(
      tf.argMax(tf.add(logits, atNode(typeNoise, vertex)), 1),
      "int32",
    );
    const isLast = tf.slice(_oneHot(type, count), [0, last], [batch, 1]);
    const noise = atNode(edgeNoise, vertex);
    let hidden: tf.Tensor = tf.zeros([batch, stateDim]);
    let h = cell(_oneHot(type, count), hidden);
    const edges: tf.Tensor[] = [], scores: tf.Tensor[] = [];
    for (let source = vertex - 1; source >= 0; source--) {
      const score = mlp(
        state,
        "decoder.edge",
        tf.concat([states[source], h], 1),
        2,
        relu,
      ); // [B, 1]
      const drawn = tf.cast(
        tf.less(tf.slice(noise, [0, source], [batch, 1]), tf.sigmoid(score)),
        "float32",
      );
      const edge = tf.add(
        tf.mul(isLast, loose[source]),
        tf.mul(tf.sub(1, isLast), drawn),
      );
      loose[source] = tf.mul(loose[source], tf.sub(1, edge));
      hidden = tf.add(hidden, tf.mul(edge, messages[source]));
      h = cell(_oneHot(type, count), hidden);
      edges.unshift(edge);
      scores.unshift(score);
    }
    states.push(h);
    types.push(type);
    columns.push(tf.pad(tf.concat(edges, 1), [[0, 0], [0, nodes - vertex]]));
    typeLogits.push(logits);
    edgeLogits.push(...scores);
  }
  return {
    types: tf.stack(types, 1),
    adjacency: tf.stack(columns, 2),
    logits: {
      types: tf.stack(typeLogits, 1),
      edges: tf.concat(edgeLogits, 1),
    },
  };
}
