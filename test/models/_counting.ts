/**
 * An executor that counts what it has made and what was freed.
 *
 * @module
 */

import type { Executor } from "../../lib/engine/executor.ts";

/** Wraps an executor; `open` tells how many states and functions are not freed. */
export function counting(
  inner: Executor,
): { executor: Executor; open: () => number } {
  const open = new Set<object>();
  const tracked = <T extends { dispose(): void | Promise<void> }>(made: T) => {
    const dispose = made.dispose.bind(made);
    made.dispose = () => {
      open.delete(made);
      return dispose();
    };
    open.add(made);
    return made;
  };
  return {
    executor: {
      description: inner.description,
      state: (values) => tracked(inner.state(values)),
      compile: (fn, options) => tracked(inner.compile(fn, options)),
    },
    open: () => open.size,
  };
}
