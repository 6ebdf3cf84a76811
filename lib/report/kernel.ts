/**
 * The Deno Jupyter kernel, where the program runs in one.
 *
 * @module
 */

/** The part of `Deno.jupyter` that is used here. */
export type Kernel = Pick<typeof Deno.jupyter, "broadcast">;

/** The kernel's interface, or null outside a notebook. */
export function jupyter(): Kernel | null {
  try {
    // Reading it throws anywhere but in `deno jupyter`.
    return Deno.jupyter ?? null;
  } catch {
    return null;
  }
}

/** Sends one display to the front end: one thing in several formats. */
export function broadcastDisplay(
  kernel: Kernel,
  data: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  return kernel.broadcast("display_data", {
    data,
    metadata,
    transient: {},
  });
}
