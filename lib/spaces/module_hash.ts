/**
 * The isomorphism-invariant hash of NAS-Bench-101, byte for byte.
 *
 * Each node starts from its degrees and label and takes in the hashes of its
 * neighbours, once for every node of the graph; the hash of the graph is that of
 * the sorted list. Graphs that differ only in the order of their nodes get the
 * same hash.
 *
 * Shapes: `V` nodes of one graph, at most 11.
 * Source: `hash_module` in google-research/nasbench (Ying et al. 2019,
 * arXiv:1902.09635).
 *
 * @module
 */

import { bitCount, type Graph } from "./graph.ts";
import { HEX_WORDS, Md5Message } from "./md5.ts";

/** That the message of the sorted list still fits; see `md5.ts`. */
const MAX_NODES = 11;
const BAR = "|".charCodeAt(0);

/** Hashes many graphs with the same edges, one after the other. */
export class ModuleHasher {
  readonly #message = new Md5Message();
  #nodes = 0;
  /** Bit `w` of entry `v`: the edge `w → v`, or `v → w`. `[V]` */
  readonly #into = new Int32Array(MAX_NODES);
  readonly #outOf = new Int32Array(MAX_NODES);
  /** The hash of each node in hexadecimal, `[V, 8]`, and those of the next round. */
  #hex = new Int32Array(MAX_NODES * HEX_WORDS);
  #next = new Int32Array(MAX_NODES * HEX_WORDS);
  /** The hash of each node as four signed numbers that compare like its text, `[V, 4]`. */
  readonly #keys = new Int32Array(MAX_NODES * 4);
  /** The nodes in the order of their hashes, `[V]`. */
  readonly #order = new Int32Array(MAX_NODES);
  /** The first hash of a node by its text: there are few. */
  readonly #starts = new Map<string, Int32Array>();

  /**
   * Sets the graph's edges.
   *
   * @param incoming Edges into each node, `[V]`, as in `Graph`; `V` is at most 11.
   * @throws {RangeError} If there are more nodes.
   */
  setEdges(incoming: ArrayLike<number>): void {
    const nodes = incoming.length;
    if (nodes > MAX_NODES) {
      throw new RangeError(
        `Cannot hash a graph: it must have at most ${MAX_NODES} nodes, got ${nodes}`,
      );
    }
    this.#nodes = nodes;
    this.#into.fill(0);
    this.#outOf.fill(0);
    for (let to = 1; to < nodes; to++) {
      for (let from = 0; from < to; from++) {
        if ((incoming[to] >>> from & 1) === 0) continue;
        this.#into[to] |= 1 << from;
        this.#outOf[from] |= 1 << to;
      }
    }
  }

  /**
   * Hashes the graph with these labels on its nodes.
   *
   * @param labels `[V]`.
   * @returns The digest, 4 words with their bytes in little-endian order; it is
   *   overwritten by the next call.
   */
  hash(labels: ArrayLike<number>): Int32Array {
    const nodes = this.#nodes, message = this.#message;
    for (let v = 0; v < nodes; v++) this.#start(v, labels[v]);
    for (let round = 0; round < nodes; round++) {
      this.#sort();
      const hex = this.#hex;
      for (let v = 0; v < nodes; v++) {
        message.clear();
        this.#appendNodes(this.#into[v]);
        message.appendByte(BAR);
        this.#appendNodes(this.#outOf[v]);
        message.appendByte(BAR);
        message.appendHex(hex, v * HEX_WORDS);
        message.finish();
        message.writeHex(this.#next, v * HEX_WORDS);
        this.#setKey(v);
      }
      this.#hex = this.#next;
      this.#next = hex;
    }
    this.#sort();
    // The text of a Python list of strings.
    message.clear();
    message.appendText("['");
    for (let i = 0; i < nodes; i++) {
      if (i > 0) message.appendText("', '");
      message.appendHex(this.#hex, this.#order[i] * HEX_WORDS);
    }
    message.appendText("']");
    message.finish();
    return message.digest;
  }

  /** The first hash of a node: of the text of a Python tuple. */
  #start(v: number, label: number): void {
    const message = this.#message;
    const text = `(${bitCount(this.#outOf[v])}, ${
      bitCount(this.#into[v])
    }, ${label})`;
    let digest = this.#starts.get(text);
    if (digest === undefined) {
      message.clear();
      message.appendText(text);
      message.finish();
      digest = message.digest.slice();
      this.#starts.set(text, digest);
    } else message.digest.set(digest);
    message.writeHex(this.#hex, v * HEX_WORDS);
    this.#setKey(v);
  }

  /** Appends the hashes of a set of nodes, sorted. */
  #appendNodes(set: number): void {
    for (let i = 0; i < this.#nodes; i++) {
      const w = this.#order[i];
      if (set >>> w & 1) this.#message.appendHex(this.#hex, w * HEX_WORDS);
    }
  }

  #setKey(v: number): void {
    for (let i = 0; i < 4; i++) {
      this.#keys[4 * v + i] = _textOrder(this.#message.digest[i]);
    }
  }

  /** Sorts the nodes by their hashes, by insertion. */
  #sort(): void {
    const order = this.#order;
    for (let v = 0; v < this.#nodes; v++) {
      let at = v;
      for (; at > 0 && this.#isBefore(v, order[at - 1]); at--) {
        order[at] = order[at - 1];
      }
      order[at] = v;
    }
  }

  #isBefore(v: number, w: number): boolean {
    const keys = this.#keys;
    for (let i = 0; i < 4; i++) {
      const difference = keys[4 * v + i] - keys[4 * w + i];
      if (difference !== 0) return difference < 0;
    }
    return false;
  }
}

/**
 * The hash of a graph as it stands, unpruned.
 *
 * Byte for byte `hash_module` of NAS-Bench-101, so it can be looked up in that
 * data set.
 *
 * @param labels `labels[op]` is the number that stands for an operation in the
 *   hash; NAS-Bench-101 has −1 for the input and −2 for the output.
 * @returns 32 hexadecimal digits.
 * @throws {RangeError} If the graph has more than 11 nodes.
 */
export function hashModule(graph: Graph, labels: readonly number[]): string {
  const hasher = new ModuleHasher();
  hasher.setEdges(graph.incoming);
  const digest = hasher.hash(Array.from(graph.ops, (op) => labels[op]));
  return new Uint8Array(digest.buffer).toHex();
}

/** A word of a digest as a signed number that compares like its hexadecimal text. */
function _textOrder(word: number): number {
  const bigEndian = word << 24 | (word & 0xff00) << 8 |
    word >>> 8 & 0xff00 | word >>> 24;
  return bigEndian ^ 0x8000_0000;
}
