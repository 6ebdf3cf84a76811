/**
 * Progress of a long loop: a bar with rate and time left, in a notebook or a
 * terminal.
 *
 * In the Deno kernel the bar is one display that is updated in place, as HTML and as
 * plain text. Elsewhere it is a line on standard error: rewritten on a terminal, a
 * new one every ten seconds in a log.
 *
 * @module
 */

import { escapeHtml } from "./html.ts";
import { jupyter } from "./kernel.ts";

/** Milliseconds between two updates of a bar that is watched. */
const UPDATE_MS = 250;
/** Milliseconds between two lines of a log. */
const LOG_MS = 10_000;
/** The rate is that of the last so many milliseconds. */
const RATE_WINDOW_MS = 20_000;
const BAR_WIDTH = 24;

/** A state of a bar, as it is shown. */
export interface ProgressState {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  /** Units per second over the last seconds; null before anything was done. */
  readonly rate: number | null;
  /** Such as the loss. */
  readonly message: string;
  readonly finished: boolean;
}

/** What a loop reports to. */
export interface ProgressBar {
  /**
   * Reports how much is done; cheap enough for every step.
   *
   * The message stays until the next one.
   */
  update(done: number, message?: string): void;
  /** Shows the last state reported, and settles once every update has been sent. */
  finish(message?: string): Promise<void>;
}

/** Where a bar is shown. */
export interface ProgressOutput {
  /** Milliseconds from one update to the next at least. */
  readonly everyMs: number;
  show(state: ProgressState): Promise<void> | void;
}

/**
 * Shows a progress bar.
 *
 * It never fails: an update that cannot be sent is dropped.
 *
 * @param options `total`: units of work, more than 0; `start`: how much was done
 *   before, for a run that goes on; `now`: clock in milliseconds; `output`: where to
 *   show it, by default where the program runs.
 * @throws {RangeError} If `total` is not more than 0.
 *
 * @example
 * ```ts
 * const bar = progressBar({ label: "VQ-VAE", total: 2 });
 * bar.update(1, "loss 0.52");
 * bar.update(2, "loss 0.31");
 * await bar.finish();
 * ```
 */
export function progressBar(
  options: {
    readonly label: string;
    readonly total: number;
    readonly start?: number;
    readonly now?: () => number;
    readonly output?: ProgressOutput;
  },
): ProgressBar {
  const { label, total, start = 0, now = () => performance.now() } = options;
  if (!(total > 0)) {
    throw new RangeError(
      `Cannot show progress: total must be more than 0, got ${total}`,
    );
  }
  const output = options.output ?? defaultOutput();
  const began = now();
  // Reports within the window, the oldest first: the rate is between its ends.
  const reports = [{ time: began, done: start }];
  const sending = new Set<Promise<void>>();
  let current = { done: start, message: "" };
  let shown = -Infinity;

  function show(finished: boolean): void {
    const time = now();
    shown = time;
    const { done, message } = current;
    if (done !== reports.at(-1)!.done) reports.push({ time, done });
    while (reports.length > 2 && reports[1].time < time - RATE_WINDOW_MS) {
      reports.shift();
    }
    // The rate of the whole run is what counts once it is over.
    const since = finished ? { time: began, done: start } : reports[0];
    const seconds = (time - since.time) / 1000;
    const rate = seconds > 0 && done > since.done
      ? (done - since.done) / seconds
      : null;
    const sent = Promise.resolve(output.show({
      label,
      done,
      total,
      elapsedMs: time - began,
      rate,
      message,
      finished,
    })).catch(() => {}).finally(() => sending.delete(sent));
    sending.add(sent);
  }

  show(false);
  return {
    update(done, message) {
      current = { done, message: message ?? current.message };
      if (now() - shown >= output.everyMs) show(false);
    },
    async finish(message) {
      if (message !== undefined) current = { ...current, message };
      show(true);
      await Promise.all(sending);
    },
  };
}

/** The notebook where there is one, else standard error. */
function defaultOutput(): ProgressOutput {
  const kernel = jupyter();
  if (kernel) {
    return notebookOutput((type, content) => kernel.broadcast(type, content));
  }
  const terminal = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  return streamOutput(
    (text) => Deno.stderr.writeSync(encoder.encode(text)),
    terminal,
  );
}

/** One display of a notebook, updated in place. */
export function notebookOutput(
  broadcast: (
    type: string,
    content: Record<string, unknown>,
  ) => Promise<void>,
): ProgressOutput {
  const transient = { display_id: crypto.randomUUID() };
  let type = "display_data";
  return {
    everyMs: UPDATE_MS,
    show(state) {
      const data = {
        "text/html": progressHtml(state),
        "text/plain": progressText(state),
      };
      const sent = broadcast(type, { data, metadata: {}, transient });
      type = "update_display_data";
      return sent;
    },
  };
}

/** A text stream: a line rewritten on a terminal, lines of a log elsewhere. */
export function streamOutput(
  write: (text: string) => void,
  terminal: boolean,
): ProgressOutput {
  return {
    everyMs: terminal ? UPDATE_MS : LOG_MS,
    show(state) {
      const text = progressText(state);
      if (!terminal) write(`${text}\n`);
      else write(`\r${text}\x1b[K${state.finished ? "\n" : ""}`);
    },
  };
}

/** A state as one line of text. */
export function progressText(state: ProgressState): string {
  const filled = Math.round(BAR_WIDTH * share(state));
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  return [`${state.label}  ${bar}`, ...facts(state)].join("  ");
}

/** A state as HTML, in the colours of the page. */
export function progressHtml(state: ProgressState): string {
  const percent = (100 * share(state)).toFixed(1);
  const text = escapeHtml(facts(state).join(" · "));
  return '<div style="display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center">' +
    `<span style="min-width:9em">${escapeHtml(state.label)}</span>` +
    '<span style="flex:0 0 200px;height:10px;border-radius:5px;' +
    'background:rgba(128,128,128,0.3);overflow:hidden">' +
    `<span style="display:block;height:100%;width:${percent}%;` +
    `background:${state.finished ? "#009E73" : "#0072B2"}"></span></span>` +
    `<span style="font-variant-numeric:tabular-nums">${text}</span></div>`;
}

/** Part done, in `[0, 1]`. */
function share({ done, total }: ProgressState): number {
  return Math.min(1, Math.max(0, done / total));
}

function facts(state: ProgressState): string[] {
  const { done, total, elapsedMs, rate, message, finished } = state;
  const left = rate === null ? null : Math.max(0, total - done) / rate;
  return [
    `${Math.floor(100 * share(state))} %`,
    `${count(done)}/${count(total)}`,
    ...(rate === null ? [] : [`${rateText(rate)}/s`]),
    finished || left === null
      ? duration(elapsedMs / 1000)
      : `${duration(elapsedMs / 1000)}, ${duration(left)} left`,
    ...(message ? [message] : []),
  ];
}

function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** Three significant digits: `0.0123`, `4.56`, `2,700`. */
function rateText(rate: number): string {
  return rate.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/**
 * A duration in words short enough for a bar: `0:07`, `12:30`, `1:02:03`.
 *
 * @param seconds At least 0; rounded to the second.
 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
  ];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}
