/**
 * The index order of NAS-Bench-201: which cell the benchmark's API has at which index.
 *
 * The benchmark's authors listed all cells in lexicographic order and shuffled the list with
 * Python's `random.shuffle` after `random.seed(88)`. So the order follows a rule and is
 * computed here: Python's seeding, its generator (the Mersenne Twister MT19937), its shuffle.
 *
 * Source: `generate_meta_info` of NAS-Bench-201 and NATS-Bench (D-X-Y/AutoDL-Projects, MIT);
 * Matsumoto & Nishimura 1998 and their `init_by_array` for the generator; CPython's
 * `_randommodule.c` and `random.py` for what is made of its numbers.
 *
 * @module
 */

/** The seed of the benchmark's authors. */
const SEED = 88;

/** Words of the generator's state, and how far apart two are that make a new one. */
const WORDS = 624, APART = 397;

/**
 * The order of the benchmark.
 *
 * @param count How many cells there are.
 * @returns `[count]`: at each index of the API the cell's place in lexicographic order.
 */
export function indexOrder(count: number): Uint32Array {
  const next = _mersenneTwister(SEED);
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last--) {
    const other = _below(last + 1, next);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** A number in `[0, count)`: as many high bits as `count` has, drawn again until they are below it. */
function _below(count: number, next: () => number): number {
  const unused = Math.clz32(count);
  let bits = next() >>> unused;
  while (bits >= count) bits = next() >>> unused;
  return bits;
}

/** Draws from `[0, 2³²)`, seeded by `init_by_array` with one word. */
function _mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(WORDS);
  const mixed = (at: number) => state[at] ^ state[at] >>> 30;
  state[0] = 19_650_218;
  for (let i = 1; i < WORDS; i++) {
    state[i] = Math.imul(1_812_433_253, mixed(i - 1)) + i;
  }
  // Around the state twice, from word 1 on; word 0 is a copy of the last one on the way.
  let at = 1;
  const around = (steps: number, step: (before: number) => number) => {
    for (let k = 0; k < steps; k++) {
      state[at] = step(mixed(at - 1));
      if (++at === WORDS) {
        state[0] = state[WORDS - 1];
        at = 1;
      }
    }
  };
  around(WORDS, (before) => (state[at] ^ Math.imul(1_664_525, before)) + seed);
  around(
    WORDS - 1,
    (before) => (state[at] ^ Math.imul(1_566_083_941, before)) - at,
  );
  state[0] = 0x8000_0000;

  let used = WORDS;
  return () => {
    if (used === WORDS) {
      _twist(state);
      used = 0;
    }
    let word = state[used++];
    word ^= word >>> 11;
    word ^= word << 7 & 0x9d2c_5680;
    word ^= word << 15 & 0xefc6_0000;
    return (word ^ word >>> 18) >>> 0;
  };
}

/** Makes the next state of the last. */
function _twist(state: Uint32Array): void {
  for (let i = 0; i < WORDS; i++) {
    const word = state[i] & 0x8000_0000 |
      state[(i + 1) % WORDS] & 0x7fff_ffff;
    state[i] = state[(i + APART) % WORDS] ^ word >>> 1 ^
      (word & 1 ? 0x9908_b0df : 0);
  }
}
