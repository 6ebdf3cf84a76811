/**
 * Labelled images to train networks of cells on.
 *
 * Files are rows of bytes as CIFAR-10's binary version has them: a label, then the image,
 * channel by channel, row by row.
 *
 * Source: CIFAR-10 (Krizhevsky 2009), https://www.cs.toronto.edu/~kriz/cifar.html.
 *
 * @module
 */

import { shown } from "../../core/shown.ts";
import type { Random } from "../../core/random.ts";

/** What an image is made of. */
export interface ImageShape {
  /** Height and width, a multiple of 4: networks halve it twice. */
  readonly size: number;
  readonly channels: number;
}

/** Some labelled images. */
export interface Images {
  readonly labels: Uint8Array;
  /** `[count, size, size, channels]`, 0 to 255. */
  readonly pixels: Uint8Array;
}

/** Images in the three parts that a training needs. */
export interface ImageSet extends ImageShape {
  readonly name: string;
  readonly classes: number;
  readonly train: Images;
  readonly validation: Images;
  readonly test: Images;
}

/**
 * Reads rows of images.
 *
 * @param where They were read, for errors.
 * @throws {SyntaxError} If they are no such rows, or a label is not below `classes`.
 */
export function readImageRows(
  bytes: Uint8Array,
  { size, channels, classes }: ImageShape & { readonly classes: number },
  where: string,
): Images {
  const area = size * size, row = 1 + area * channels;
  const count = bytes.length / row;
  if (!Number.isInteger(count) || count === 0) {
    throw new SyntaxError(
      `Cannot read images: ${where} must have rows of ${row} bytes, got ${bytes.length} bytes`,
    );
  }
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * area * channels);
  for (let i = 0; i < count; i++) {
    const start = i * row;
    labels[i] = bytes[start];
    if (labels[i] >= classes) {
      throw new SyntaxError(
        `Cannot read images: labels of ${where} must be in [0, ${classes}), got ${
          shown(labels[i])
        } in row ${i}`,
      );
    }
    for (let channel = 0; channel < channels; channel++) {
      const plane = start + 1 + channel * area;
      for (let at = 0; at < area; at++) {
        pixels[(i * area + at) * channels + channel] = bytes[plane + at];
      }
    }
  }
  return { labels, pixels };
}

/** Splits images into parts of so many each, from the first on. */
export function splitImages(
  { labels, pixels }: Images,
  counts: readonly number[],
): Images[] {
  const values = pixels.length / labels.length;
  let start = 0;
  return counts.map((count) => {
    const end = start + count;
    const part = {
      labels: labels.subarray(start, end),
      pixels: pixels.subarray(start * values, end * values),
    };
    start = end;
    return part;
  });
}

/** Mean and standard deviation of each channel, of 0 to 255. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Those of some images; a channel that is the same everywhere has a deviation of 1. */
export function channelStatistics(
  { pixels }: Images,
  channels: number,
): ChannelStatistics {
  const sums = new Float64Array(channels), squares = new Float64Array(channels);
  pixels.forEach((value, i) => {
    sums[i % channels] += value;
    squares[i % channels] += value * value;
  });
  const count = pixels.length / channels;
  const mean = Array.from(sums, (sum) => sum / count);
  return {
    mean,
    deviation: mean.map((mean, channel) =>
      Math.sqrt(Math.max(0, squares[channel] / count - mean * mean)) || 1
    ),
  };
}

/** How images are changed each time that they are trained on. */
export interface Augmentation {
  /** Places around an image from which a part of its size is cut; black there. */
  readonly crop: number;
  /** Whether every other one is mirrored. */
  readonly flip: boolean;
}

/**
 * A batch of images, normalised.
 *
 * @param places Of the images; from `places.length` to `count` the batch is black.
 * @param change With its random draws; null leaves images as they are.
 * @returns `[count, size, size, channels]`.
 */
export function imageBatch(
  { pixels }: Images,
  places: Uint32Array,
  { count = places.length, shape: { size, channels }, statistics, change }: {
    readonly count?: number;
    readonly shape: ImageShape;
    readonly statistics: ChannelStatistics;
    readonly change: (Augmentation & { readonly random: Random }) | null;
  },
): Float32Array {
  const { mean, deviation } = statistics;
  const values = size * size * channels;
  const batch = new Float32Array(count * values);
  places.forEach((place, i) => {
    const { crop = 0, flip = false, random } = change ?? {};
    const [down, right] = crop === 0
      ? [0, 0]
      : [0, 1].map(() => random!.integer(2 * crop + 1) - crop);
    const mirrored = flip && random!.integer(2) === 1;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const fromRow = row + down;
        const fromColumn = (mirrored ? size - 1 - column : column) + right;
        const isInside = fromRow >= 0 && fromRow < size && fromColumn >= 0 &&
          fromColumn < size;
        // What is cut from beyond the edge is the mean after normalisation.
        if (!isInside) continue;
        const from = place * values + (fromRow * size + fromColumn) * channels;
        const to = i * values + (row * size + column) * channels;
        for (let channel = 0; channel < channels; channel++) {
          batch[to + channel] = (pixels[from + channel] - mean[channel]) /
            deviation[channel];
        }
      }
    }
  });
  return batch;
}
