import assert from "node:assert/strict";
import {
  duration,
  notebookOutput,
  progressBar,
  progressHtml,
  type ProgressState,
  progressText,
  streamOutput,
} from "../../lib/report/progress.ts";

/** A bar with a clock that the test turns, and what it showed. */
function testBar(options: { total: number; start?: number; everyMs?: number }) {
  const clock = { ms: 1_000 };
  const states: ProgressState[] = [];
  const bar = progressBar({
    label: "Training",
    total: options.total,
    ...(options.start !== undefined && { start: options.start }),
    now: () => clock.ms,
    output: {
      everyMs: options.everyMs ?? 250,
      show: (state) => void states.push(state),
    },
  });
  return { bar, clock, states };
}

Deno.test("progressBar() shows at once, then at most once per interval, then the end", async () => {
  const { bar, clock, states } = testBar({ total: 100 });
  for (let done = 1; done <= 99; done++) {
    clock.ms += 10;
    bar.update(done, `step ${done}`);
  }
  await bar.finish();
  // At 0 ms, then every 250 ms within the 990 ms, then the end.
  assert.deepEqual(states.map((state) => state.done), [0, 25, 50, 75, 99]);
  assert.deepEqual(states.map((state) => state.finished), [
    false,
    false,
    false,
    false,
    true,
  ]);
  assert.equal(states.at(-1)!.message, "step 99");
});

Deno.test("progressBar() takes the rate of the last seconds, and of the whole run at the end", async () => {
  const { bar, clock, states } = testBar({ total: 10_000 });
  // 10 per second for 30 s, then 100 per second for 40 s.
  for (let second = 1; second <= 70; second++) {
    clock.ms += 1_000;
    bar.update(second <= 30 ? 10 * second : 300 + 100 * (second - 30));
  }
  assert.equal(states[30].rate, 10);
  assert.equal(states[70].rate, 100);
  await bar.finish();
  assert.equal(states.at(-1)!.rate, 4300 / 70);
});

Deno.test("progressBar() does not count what was done before it started", () => {
  const { bar, clock, states } = testBar({ total: 1_000, start: 500 });
  clock.ms += 10_000;
  bar.update(600);
  assert.equal(states[1].rate, 10);
  // 400 left at 10 per second.
  assert.match(progressText(states[1]), /0:10, 0:40 left/);
});

Deno.test("progressBar() keeps a message until the next", () => {
  const { bar, clock, states } = testBar({ total: 10, everyMs: 0 });
  clock.ms += 1;
  bar.update(1, "loss 1");
  bar.update(2);
  assert.equal(states.at(-1)!.message, "loss 1");
});

Deno.test("progressBar() survives an output that fails", async () => {
  const bar = progressBar({
    label: "x",
    total: 1,
    output: { everyMs: 0, show: () => Promise.reject(new Error("gone")) },
  });
  bar.update(1);
  await bar.finish();
});

Deno.test("progressBar() throws for a total that is not more than 0", () => {
  for (const total of [0, -1, NaN]) {
    assert.throws(() => progressBar({ label: "x", total }), {
      name: "RangeError",
      message: `Cannot show progress: total must be more than 0, got ${total}`,
    });
  }
});

const STATE: ProgressState = {
  label: "VQ-VAE",
  done: 2_500,
  total: 10_000,
  elapsedMs: 65_000,
  rate: 1234.5,
  message: "loss <0.5>",
  finished: false,
};

Deno.test("progressText() tells share, count, rate, elapsed, left and message", () => {
  // 7,500 left at 1,234.5 per second: 6 s.
  assert.equal(
    progressText(STATE),
    "VQ-VAE  ██████░░░░░░░░░░░░░░░░░░  25 %  2,500/10,000  1,230/s  " +
      "1:05, 0:06 left  loss <0.5>",
  );
  assert.equal(
    progressText({ ...STATE, rate: null, message: "", elapsedMs: 0 }),
    "VQ-VAE  ██████░░░░░░░░░░░░░░░░░░  25 %  2,500/10,000  0:00",
  );
  assert.match(
    progressText({ ...STATE, done: 12_000, finished: true }),
    /█{24} {2}100 % {2}12,000\/10,000 {2}1,230\/s {2}1:05 {2}loss/,
  );
});

Deno.test("progressText() says 100 % only at the end", () => {
  assert.match(progressText({ ...STATE, done: 9_999 }), / 99 % /);
});

Deno.test("progressHtml() escapes and is as wide as what is done", () => {
  const html = progressHtml(STATE);
  assert.match(html, /width:25\.0%/);
  assert.match(html, /loss &lt;0\.5&gt;/);
  assert.ok(!html.includes("<0.5>"));
});

Deno.test("duration() writes minutes, and hours from the first", () => {
  assert.deepEqual([0, 59.6, 754, 3723].map(duration), [
    "0:00",
    "1:00",
    "12:34",
    "1:02:03",
  ]);
});

Deno.test("notebookOutput() displays once and then updates the same display", async () => {
  const sent: [string, Record<string, unknown>][] = [];
  const output = notebookOutput((type, content) => {
    sent.push([type, content]);
    return Promise.resolve();
  });
  await output.show(STATE);
  await output.show(STATE);
  await output.show({ ...STATE, finished: true });
  assert.deepEqual(sent.map(([type]) => type), [
    "display_data",
    "update_display_data",
    "update_display_data",
  ]);
  const ids = sent.map(([_, { transient }]) =>
    (transient as { display_id: string }).display_id
  );
  assert.equal(new Set(ids).size, 1);
  assert.ok(ids[0]);
  const [[_, { data, metadata }]] = sent;
  assert.deepEqual(data, {
    "text/html": progressHtml(STATE),
    "text/plain": progressText(STATE),
  });
  assert.deepEqual(metadata, {});
});

Deno.test("streamOutput() rewrites a terminal's line and adds lines to a log", () => {
  const written = (terminal: boolean) => {
    let text = "";
    const output = streamOutput((part) => void (text += part), terminal);
    output.show(STATE);
    output.show({ ...STATE, finished: true });
    return text;
  };
  const [now, end] = [STATE, { ...STATE, finished: true }].map(progressText);
  assert.equal(written(true), `\r${now}\x1b[K\r${end}\x1b[K\n`);
  assert.equal(written(false), `${now}\n${end}\n`);
  assert.ok(streamOutput(() => {}, false).everyMs >= 10_000);
});
