/**
 * Networks of cells as plans: what layers there are and what each reads, as data. A space makes
 * the plan of a cell, `lib/models/cell_network` builds and trains it.
 *
 * Shapes: feature maps are `[batch, height, width, channels]`.
 *
 * @module
 */

/** A layer; `from` are the layers that it reads, by their place in the plan. */
export type Layer =
  /** The images. */
  | { readonly kind: "images"; readonly channels: number }
  /** A convolution without bias that keeps the size, or halves it with a stride of 2. */
  | {
    readonly kind: "convolution";
    readonly from: number;
    readonly kernel: 1 | 3;
    readonly stride: 1 | 2;
    readonly inputs: number;
    readonly outputs: number;
    /** Whether a ReLU stands before it. */
    readonly reluBefore: boolean;
    /** Whether a batch normalisation follows. */
    readonly normalised: boolean;
    /** Whether a ReLU follows at the end. */
    readonly reluAfter: boolean;
  }
  /** Pooling: 3×3 keeps the size, padding not counted; 2×2 halves it. */
  | {
    readonly kind: "pool";
    readonly from: number;
    readonly pool: "average" | "max";
    readonly size: 2 | 3;
    readonly channels: number;
  }
  | {
    readonly kind: "sum" | "concatenation";
    readonly from: readonly number[];
    readonly channels: number;
  }
  /** The first channels of a layer. */
  | {
    readonly kind: "truncation";
    readonly from: number;
    readonly channels: number;
  }
  /** Zeros of the shape of a layer. */
  | { readonly kind: "zeros"; readonly from: number; readonly channels: number }
  /** Batch normalisation and ReLU. */
  | {
    readonly kind: "normalisation";
    readonly from: number;
    readonly channels: number;
  }
  /** Average over height and width, and a linear layer: the logits. */
  | {
    readonly kind: "classifier";
    readonly from: number;
    readonly inputs: number;
    readonly classes: number;
  };

/** How large the network of a cell is; what is missing is as published. */
export interface NetworkSize {
  /** Of the images. */
  readonly imageChannels?: number;
  readonly classes?: number;
  /** Channels of the first cells. */
  readonly channels?: number;
  /** Cells in each of the three stacks. */
  readonly cells?: number;
}

/** What convolutions and classifier are drawn from. */
export type InitialWeights =
  /** Uniform in ±1/√inputs, biases too: PyTorch's. */
  | "uniform"
  /** Normal of variance 1/inputs, cut off; the classifier Glorot's uniform: TensorFlow's. */
  | "cut normal";

/** How networks of a space are trained, as published. */
export interface NetworkTraining {
  readonly epochs: number;
  readonly batchSize: number;
  /** At the first step; it falls to 0 with a cosine. */
  readonly learningRate: number;
  readonly optimizer: "nesterov" | "rmsprop";
  /** Of all weights, in the gradient. */
  readonly weightDecay: number;
  readonly initial: InitialWeights;
  /** How far running statistics go to those of a batch. */
  readonly statisticsRate: number;
}

/** The layers of a network, each after those that it reads; the last one is the classifier. */
export type NetworkPlan = readonly Layer[];

/** A plan that is being written. */
export class PlanWriter {
  readonly layers: Layer[] = [];

  /** Adds a layer; returns its place. */
  add(layer: Layer): number {
    return this.layers.push(layer) - 1;
  }

  /** Channels of a layer's feature maps. */
  channels(at: number): number {
    const layer = this.layers[at];
    return layer.kind === "convolution"
      ? layer.outputs
      : layer.kind === "classifier"
      ? layer.classes
      : layer.channels;
  }

  /** Adds a convolution. */
  convolve(
    from: number,
    outputs: number,
    kernel: 1 | 3,
    { stride = 1, relu = "none", normalised = true }: {
      readonly stride?: 1 | 2;
      readonly relu?: "none" | "before" | "after";
      readonly normalised?: boolean;
    } = {},
  ): number {
    return this.add({
      ...{ kind: "convolution", from, kernel, stride, outputs, normalised },
      inputs: this.channels(from),
      reluBefore: relu === "before",
      reluAfter: relu === "after",
    });
  }

  /** Adds a pooling. */
  pool(from: number, pool: "average" | "max", size: 2 | 3): number {
    const channels = this.channels(from);
    return this.add({ kind: "pool", from, pool, size, channels });
  }

  /** Adds a sum; of one layer it is that layer. */
  sum(from: readonly number[]): number {
    if (from.length === 1) return from[0];
    return this.add({ kind: "sum", from, channels: this.channels(from[0]) });
  }

  /** Adds the classifier. */
  classify(from: number, classes: number): NetworkPlan {
    const inputs = this.channels(from);
    this.add({ kind: "classifier", from, inputs, classes });
    return this.layers;
  }
}

/** Trainable numbers of a network. */
export function planParameters(plan: NetworkPlan): number {
  return plan.reduce((sum, layer) => {
    switch (layer.kind) {
      case "convolution":
        return sum + layer.kernel ** 2 * layer.inputs * layer.outputs +
          (layer.normalised ? 2 * layer.outputs : 0);
      case "normalisation":
        return sum + 2 * layer.channels;
      case "classifier":
        return sum + (layer.inputs + 1) * layer.classes;
      default:
        return sum;
    }
  }, 0);
}

/**
 * Multiply-adds of convolutions and classifier for one image.
 *
 * @param imageSize Height and width.
 */
export function planMultiplyAdds(plan: NetworkPlan, imageSize: number): number {
  const sizes: number[] = [];
  let sum = 0;
  for (const layer of plan) {
    const from = layer.kind === "images"
      ? null
      : typeof layer.from === "number"
      ? layer.from
      : layer.from[0];
    const before = from === null ? imageSize : sizes[from];
    const halves = layer.kind === "convolution" && layer.stride === 2 ||
      layer.kind === "pool" && layer.size === 2;
    const size = halves ? before / 2 : before;
    sizes.push(size);
    if (layer.kind === "convolution") {
      sum += layer.kernel ** 2 * layer.inputs * layer.outputs * size * size;
    } else if (layer.kind === "classifier") {
      sum += layer.inputs * layer.classes;
    }
  }
  return sum;
}
