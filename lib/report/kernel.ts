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

/** How often the stop button was pressed since the kernel outlives it; null before. */
let presses: number | null = null;

/**
 * Has the kernel outlive the stop button of a notebook, which would end it, variables and all.
 *
 * What runs then has to look at {@link stopPresses} by itself.
 */
export function outliveStops(): void {
  if (presses !== null || jupyter() === null) return;
  presses = 0;
  Deno.addSignalListener("SIGINT", () => presses!++);
}

/** How often the stop button was pressed. */
export function stopPresses(): number {
  return presses ?? 0;
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
