/**
 * The networks of SVGe and DGMG: an encoder by messages along edges, and a decoder that adds a
 * node at a time with all its incoming edges.
 *
 * Messages are linear in both ends of an edge, so it is their ends that are summed, by a product
 * with the adjacency matrix: no edge is computed by itself, and graphs of different sizes lie side
 * by side, smaller ones filled up with nodes that have no edges.
 *
 * Shapes: `B` graphs, `N` nodes, `T` types, `S` state of a node, `L` latent.
 * Source: Lukasik et al. 2021, arXiv:2010.04683, and its code (`models/SVGe.py`, `DGMG.py`).
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { linear } from "../../nn/layers.ts";
import {
  sigmoidCrossEntropy,
  softmaxCrossEntropyOneHot,
} from "../../nn/losses.ts";
import { initialLinear, initialMlp, mlp, namedLinear } from "../../nn/mlp.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { gruCell, gruUpdate, initialGru } from "../../nn/recurrent.ts";
import { atNode, BETA, noisyLatents } from "../graph_autoencoder_network.ts";
import type { SvgeConfig, View } from "./config.ts";
import { viewsOf } from "./config.ts";

/** Draws initial weights: PyTorch's. */
export function initialSvgeWeights(
  config: SvgeConfig,
  random: Random,
): HostTensors {
  const { kind, types, stateDim: S, latentDim: L, layers } = config;
  const weights: HostTensors = {};
  const linear = (name: string, inputs: number, outputs: number) =>
    Object.assign(weights, initialLinear(name, [inputs, outputs], random));
  const layersOf = (name: string, sizes: readonly number[]) =>
    Object.assign(weights, initialMlp(name, sizes, random));
  const embedding = (name: string, width: number) => {
    weights[name] = floats(
      [types, width],
      Float32Array.from({ length: types * width }, () => random.normal()),
    );
  };
  const messages = (name: string) => {
    for (let layer = 0; layer < layers; layer++) {
      for (const way of ["along", "against"]) {
        const at = `${name}.${layer}.${way}`;
        // SVGe has half of the state for each way along edges, DGMG the whole for both.
        const own = kind === "svge" ? S / 2 : S;
        linear(`${at}.message`, 2 * own, 2 * own);
        if (kind === "svge") {
          Object.assign(
            weights,
            initialGru(`${at}.update`, { inputs: S, hidden: own }, random),
          );
        }
      }
      if (kind === "dgmg") {
        Object.assign(
          weights,
          initialGru(
            `${name}.${layer}.update`,
            { inputs: 2 * S, hidden: S },
            random,
          ),
        );
      }
    }
  };
  const gatedSum = (name: string) => {
    linear(`${name}.gate`, S, 1);
    linear(`${name}.value`, S, L);
  };
  embedding("encoder.embedding", kind === "svge" ? S / 2 : S);
  messages("encoder.messages");
  gatedSum("encoder.mean");
  gatedSum("encoder.logVariance");
  embedding("decoder.embedding", S);
  layersOf("decoder.start", [S + L, S + L, S]);
  messages("decoder.messages");
  gatedSum("decoder.graph");
  gatedSum("decoder.graphForNode");
  layersOf("decoder.nodeType", [2 * L, L, types]);
  layersOf("decoder.node", [S + 2 * L, S + L, S]);
  layersOf("decoder.edge", [2 * S + 2 * L, S + L, 1]);
  return weights;
}

/** A graph as a view has it. */
export interface GraphTensors {
  /** One-hot types, `[B, N, T]`; zeros for nodes that fill up. */
  readonly types: tf.Tensor;
  /** 1 at `[u, v]` for the edge `u → v`, `[B, N, N]`. */
  readonly adjacency: tf.Tensor;
}

/** A linear layer on rows of nodes, `[B, n, in]` to `[B, n, out]`. */
function _nodes(state: Tensors, name: string, x: tf.Tensor): tf.Tensor {
  const [batch, nodes, inputs] = x.shape;
  const y = namedLinear(state, name, tf.reshape(x, [-1, inputs]));
  return tf.reshape(y, [batch, nodes, y.shape[1]!]);
}

/**
 * Weight and bias of a linear layer side by side, `[out, in + 1]`: for rows whose last number is
 * how often the bias counts.
 */
function _withBias(state: Tensors, name: string): tf.Tensor {
  return tf.concat([
    state[`${name}.weight`],
    tf.expandDims(state[`${name}.bias`], 1),
  ], 1);
}

/**
 * What a linear layer of all messages into a node looks at, `[B·n, 2D + 1]`: their sources added
 * up, the node itself as often as there are messages, and how many there are.
 *
 * @param into `[B, n, n]`: 1 at `[v, u]` for a message from `u` to `v`.
 * @param h `[B, n, D]`.
 */
function _received(into: tf.Tensor, h: tf.Tensor): tf.Tensor {
  const [batch, nodes, width] = h.shape;
  const count = tf.sum(into, 2, true); // [B, n, 1]
  const rows = tf.concat([
    tf.matMul(into as tf.Tensor3D, h as tf.Tensor3D),
    tf.mul(count, h),
    count,
  ], 2);
  return tf.reshape(rows, [batch * nodes, 2 * width + 1]);
}

/** Message layers, `[B, n, S]` and an adjacency matrix, `[B, n, n]`, to new states. */
type MessageLayers = (h: tf.Tensor, adjacency: tf.Tensor) => tf.Tensor;

/**
 * The message layers of a part. What is made of weights alone is made here, not in each step of
 * a decoder.
 */
function _messageLayers(
  config: SvgeConfig,
  state: Tensors,
  name: string,
): MessageLayers {
  const layers = Array.from(
    { length: config.layers },
    (_, layer) =>
      (config.kind === "svge" ? _twoSidedLayer : _oneStateLayer)(
        state,
        `${name}.${layer}`,
      ),
  );
  return (h, adjacency) => {
    const along = tf.transpose(adjacency, [0, 2, 1]);
    return layers.reduce((h, layer) => layer(h, [along, adjacency]), h);
  };
}

/** Messages along edges and against them, `into` as of {@link _received}. */
type MessageLayer = (
  h: tf.Tensor,
  into: readonly [along: tf.Tensor, against: tf.Tensor],
) => tf.Tensor;

const WAYS = ["along", "against"] as const;

/** SVGe's: half of the state is of messages along edges, half of those against them. */
function _twoSidedLayer(state: Tensors, name: string): MessageLayer {
  const ways = WAYS.map((way) => {
    const update = `${name}.${way}.update`;
    return {
      update,
      // Both layers that messages pass are linear: one product in their place takes fewer steps.
      weight: tf.matMul(
        state[`${update}.input.weight`] as tf.Tensor2D,
        _withBias(state, `${name}.${way}.message`) as tf.Tensor2D,
      ),
    };
  });
  return (h, into) => {
    const [batch, nodes, width] = h.shape;
    const states = tf.split(h, 2, 2).map((half, way) => {
      const { update, weight } = ways[way];
      const rows = tf.reshape(half, [batch * nodes, width / 2]);
      const next = gruUpdate(
        linear(
          _received(into[way], half),
          weight,
          state[`${update}.input.bias`],
        ),
        namedLinear(state, `${update}.hidden`, rows),
        rows,
      );
      return tf.reshape(next, half.shape);
    });
    return tf.concat(states, 2);
  };
}

/** DGMG's: one state, which messages of both ways meet in. */
function _oneStateLayer(state: Tensors, name: string): MessageLayer {
  const weight = tf.concat(
    WAYS.map((way) => _withBias(state, `${name}.${way}.message`)),
    1,
  );
  return (h, into) => {
    const [batch, nodes, width] = h.shape;
    const messages = linear(
      tf.concat(into.map((way) => _received(way, h)), 1),
      weight,
    );
    const rows = tf.reshape(h, [batch * nodes, width]);
    return tf.reshape(
      gruCell(state, `${name}.update`, messages, rows),
      h.shape,
    );
  };
}

/** `Σ_v sigmoid(gate) · value` over nodes, `[B, L]`; those that fill up are left out. */
function _gatedSum(
  state: Tensors,
  name: string,
  h: tf.Tensor,
  present?: tf.Tensor,
): tf.Tensor {
  const gated = tf.mul(
    tf.sigmoid(_nodes(state, `${name}.gate`, h)),
    _nodes(state, `${name}.value`, h),
  );
  return tf.sum(
    present === undefined ? gated : tf.mul(gated, tf.expandDims(present, 2)),
    1,
  );
}

/** 1 for each node of a graph, 0 for those that fill it up, `[B, N]`. */
function _present({ types }: GraphTensors): tf.Tensor {
  return tf.sum(types, 2);
}

/** Mean and logarithm of the variance of latents, `[B, L]` each. */
export function encode(
  config: SvgeConfig,
  state: Tensors,
  graph: GraphTensors,
): { readonly mean: tf.Tensor; readonly logVariance: tf.Tensor } {
  const embedded = _embedded(state, "encoder.embedding", graph.types);
  const h = _messageLayers(config, state, "encoder.messages")(
    config.kind === "svge" ? tf.concat([embedded, embedded], 2) : embedded,
    graph.adjacency,
  );
  const present = _present(graph);
  return {
    mean: _gatedSum(state, "encoder.mean", h, present),
    logVariance: _gatedSum(state, "encoder.logVariance", h, present),
  };
}

/** Rows of an embedding by one-hot types, `[…, T]` to `[…, D]`. */
function _embedded(
  state: Tensors,
  name: string,
  types: tf.Tensor,
): tf.Tensor {
  const rows = tf.matMul(
    tf.reshape(types, [-1, types.shape.at(-1)!]),
    state[name] as tf.Tensor2D,
  );
  return tf.reshape(rows, [...types.shape.slice(0, -1), rows.shape[1]!]);
}

/** A graph that is being written. */
interface Written {
  /** States of its nodes, `[B, i, S]`. */
  readonly h: tf.Tensor;
  /** What it comes to, `[B, L]`: for types and edges, and for the state of the next node. */
  readonly graph: tf.Tensor;
  readonly graphForNode: tf.Tensor;
}

/** The first node, `[B, S]` from its one-hot type, `[B, T]`. */
function _start(state: Tensors, type: tf.Tensor, z: tf.Tensor): Written {
  const first = mlp(
    state,
    "decoder.start",
    tf.concat([_embedded(state, "decoder.embedding", type), z], 1),
    2,
  );
  // Of one node there is nothing to sum: the value stands without its gate.
  return {
    h: tf.expandDims(first, 1),
    graph: namedLinear(state, "decoder.graph.value", first),
    graphForNode: namedLinear(state, "decoder.graphForNode.value", first),
  };
}

/** Hands messages around a graph with its last node. */
function _goOn(
  layers: MessageLayers,
  state: Tensors,
  h: tf.Tensor,
  adjacency: tf.Tensor,
): Written {
  const next = layers(h, adjacency);
  return {
    h: next,
    graph: _gatedSum(state, "decoder.graph", next),
    graphForNode: _gatedSum(state, "decoder.graphForNode", next),
  };
}

/** Logits of the next node's type, `[B, T]`. */
function _typeLogits(
  state: Tensors,
  { graph }: Written,
  z: tf.Tensor,
): tf.Tensor {
  return mlp(state, "decoder.nodeType", tf.concat([graph, z], 1), 2);
}

/** State of the next node, `[B, S]`. */
function _nextNode(
  state: Tensors,
  { graphForNode }: Written,
  type: tf.Tensor,
  z: tf.Tensor,
): tf.Tensor {
  return mlp(
    state,
    "decoder.node",
    tf.concat([
      ...[_embedded(state, "decoder.embedding", type), graphForNode],
      z,
    ], 1),
    2,
  );
}

/** Logits of edges from each node to the next one, `[B, i]`. */
type EdgeLogits = (
  written: Written,
  node: tf.Tensor,
  z: tf.Tensor,
) => tf.Tensor;

/** The scores of edges, their first layer in two parts: that of the sources, and that of all else, once a graph. */
function _edgeLogits({ stateDim }: SvgeConfig, state: Tensors): EdgeLogits {
  const weight = state["decoder.edge.0.weight"];
  const inputs = weight.shape[1]!;
  const [ofSource, ofRest] = tf.split(
    weight,
    [stateDim, inputs - stateDim],
    1,
  );
  return ({ h, graph }, node, z) => {
    const [batch, nodes, width] = h.shape;
    const sources = tf.reshape(
      linear(tf.reshape(h, [-1, width]), ofSource),
      [batch, nodes, -1],
    );
    const rest = linear(
      tf.concat([node, graph, z], 1),
      ofRest,
      state["decoder.edge.0.bias"],
    );
    const hidden = tf.relu(tf.add(sources, tf.expandDims(rest, 1)));
    return tf.reshape(_nodes(state, "decoder.edge.1", hidden), [batch, nodes]);
  };
}

/** The first `n` nodes of an adjacency matrix. */
function _among(adjacency: tf.Tensor, n: number): tf.Tensor {
  return tf.slice(adjacency, [0, 0, 0], [adjacency.shape[0], n, n]);
}

/**
 * The loss of writing graphs, each step given the graph before it, in nats: the mean over graphs
 * of the sum over steps of the type's cross-entropy and the mean one of the edges. The edge from
 * the first node to the second is always there, and not scored.
 */
export function writingLoss(
  config: SvgeConfig,
  state: Tensors,
  graph: GraphTensors,
  z: tf.Tensor,
): tf.Tensor {
  const { types, adjacency } = graph;
  const present = _present(graph);
  const losses: tf.Tensor[] = [];
  const layers = _messageLayers(config, state, "decoder.messages");
  const edgeLogits = _edgeLogits(config, state);
  let written = _start(state, atNode(types, 0), z);
  for (let node = 1; node < config.nodes; node++) {
    if (node > 1) {
      written = _goOn(layers, state, written.h, _among(adjacency, node));
    }
    const type = atNode(types, node);
    const typeLoss = softmaxCrossEntropyOneHot(
      _typeLogits(state, written, z),
      type,
    );
    const next = _nextNode(state, written, type, z);
    const loss = node === 1 ? typeLoss : tf.add(
      typeLoss,
      tf.mean(
        sigmoidCrossEntropy(
          edgeLogits(written, next, z),
          tf.reshape(
            tf.slice(adjacency, [0, 0, node], [adjacency.shape[0], node, 1]),
            [-1, node],
          ),
        ),
        1,
      ),
    );
    losses.push(tf.mul(loss, atNode(present, node)));
    written = {
      ...written,
      h: tf.concat([written.h, tf.expandDims(next, 1)], 1),
    };
  }
  return tf.mean(tf.addN(losses));
}

/** Inputs of a training step: a graph in a view is `<view>.types` and `<view>.adjacency`. */
export function graphInputs(inputs: Tensors, view: View): GraphTensors {
  return {
    types: inputs[`${view}.types`],
    adjacency: inputs[`${view}.adjacency`],
  };
}

/**
 * The loss of a training step: writing in each view, and the divergence from the prior, which the
 * code sums over a batch where it takes the mean of all else.
 *
 * Inputs are graphs in each view, and `noise`, `[B, L]`, normal.
 */
export function svgeLoss(
  config: SvgeConfig,
  state: Tensors,
  inputs: Tensors,
): LossResult {
  const { mean, logVariance } = encode(
    config,
    state,
    graphInputs(inputs, "forward"),
  );
  const z = noisyLatents({ mean, logVariance }, inputs.noise);
  // One decoder writes all views: as one batch they take half as many products, of twice the rows.
  const views = viewsOf(config).map((view) => graphInputs(inputs, view));
  const together = (name: keyof GraphTensors) =>
    tf.concat(views.map((view) => view[name]), 0);
  const writing = tf.mul(
    views.length,
    writingLoss(
      config,
      state,
      { types: together("types"), adjacency: together("adjacency") },
      tf.tile(z, [views.length, 1]),
    ),
  );
  const divergence = tf.mul(
    -0.5,
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
 * Writes graphs from latents, types and edges drawn.
 *
 * @param first Type of the first node.
 * @param last Type of the last node that there can be; null where it is drawn as all others are.
 * @param inputs `z`, `[B, L]`; `typeNoise`, `[B, N, T]`, Gumbel noise; `edgeNoise`, `[B, N, N]`,
 *   uniform in [0, 1).
 * @returns `types`, `[B, N]`, and `adjacency`, `[B, N, N]`; what comes after a node of the last
 *   type is of no meaning.
 */
export function writeGraphs(
  config: SvgeConfig,
  state: Tensors,
  { z, typeNoise, edgeNoise }: Tensors,
  { first, last }: { readonly first: number; readonly last: number | null },
): Tensors {
  const { nodes, types: count } = config;
  const batch = z.shape[0];
  const oneHot = (types: tf.Tensor) =>
    tf.cast(tf.oneHot(types as tf.Tensor1D, count), "float32");
  const same = (type: number) => tf.fill([batch], type, "int32");
  const layers = _messageLayers(config, state, "decoder.messages");
  const edgeLogits = _edgeLogits(config, state);
  let written = _start(state, oneHot(same(first)), z);
  const types: tf.Tensor[] = [same(first)];
  /** Edges into each node, `[B, N]` each. */
  const columns: tf.Tensor[] = [tf.zeros([batch, nodes])];
  for (let node = 1; node < nodes; node++) {
    if (node > 1) {
      const adjacency = tf.stack(columns, 2); // [B, N, i]
      written = _goOn(
        layers,
        state,
        written.h,
        tf.slice(adjacency, [0, 0, 0], [batch, node, node]),
      );
    }
    const type = node === nodes - 1 && last !== null ? same(last) : tf.cast(
      tf.argMax(
        tf.add(_typeLogits(state, written, z), atNode(typeNoise, node)),
        1,
      ),
      "int32",
    );
    const next = _nextNode(state, written, oneHot(type), z);
    const edges = node === 1 ? tf.ones([batch, 1]) : tf.cast(
      tf.less(
        tf.slice(atNode(edgeNoise, node), [0, 0], [batch, node]),
        tf.sigmoid(edgeLogits(written, next, z)),
      ),
      "float32",
    );
    types.push(type);
    columns.push(tf.pad(edges, [[0, 0], [0, nodes - node]]));
    written = {
      ...written,
      h: tf.concat([written.h, tf.expandDims(next, 1)], 1),
    };
  }
  return { types: tf.stack(types, 1), adjacency: tf.stack(columns, 2) };
}
