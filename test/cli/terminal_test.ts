import assert from "node:assert/strict";
import { stripEscapes, Terminal } from "../../lib/cli/terminal.ts";

/** A terminal that keeps what is written, with a clock to be set. */
function recorder(isTerminal: boolean, columns = 80) {
  let written = "";
  const clock = { now: 0 };
  const terminal = new Terminal({
    write: (text) => void (written += text),
    isTerminal,
    columns: () => columns,
    now: () => clock.now,
  });
  return { terminal, clock, written: () => written };
}

/** What a terminal of one unwrapped line per row shows: `\r` and erase-line carried out. */
function rows(written: string): string[] {
  return written.split("\n").map((row) => row.split("\r\x1b[2K").at(-1)!);
}

Deno.test("Terminal rewrites a bar in place and keeps text above it", () => {
  const { terminal, written } = recorder(true);
  terminal.line("start");
  terminal.live("a", "10 %");
  terminal.live("a", "20 %");
  terminal.text("a message\n");
  terminal.live("a", "30 %");
  terminal.settle();
  terminal.line("end");
  assert.deepEqual(rows(written()), ["start", "a message", "30 %", "end", ""]);
});

Deno.test("Terminal leaves the last state of one bar when another begins", () => {
  const { terminal, written } = recorder(true);
  terminal.live("a", "100 %");
  terminal.live("b", "1 %");
  terminal.settle();
  assert.deepEqual(rows(written()), ["100 %", "1 %", ""]);
});

Deno.test("Terminal cuts a bar at the width, so that it stays one row", () => {
  const { terminal, written } = recorder(true, 5);
  terminal.live("a", "1234567890\nsecond line");
  assert.equal(written(), "1234");
});

Deno.test("Terminal writes a bar's line every ten seconds to a file", () => {
  const { terminal, clock, written } = recorder(false);
  for (let second = 0; second <= 25; second++) {
    clock.now = second * 1000;
    terminal.live("a", `${second} s`);
  }
  terminal.settle(); // the last state is never lost
  assert.equal(written(), "0 s\n10 s\n20 s\n25 s\n");
});

Deno.test("Terminal says nothing twice to a file", () => {
  const { terminal, written } = recorder(false);
  terminal.live("a", "same");
  terminal.live("a", "same");
  terminal.settle();
  terminal.settle();
  assert.equal(written(), "same\n");
});

Deno.test("Terminal puts pieces of a line together and ends an unfinished one", () => {
  const { terminal, written } = recorder(false);
  terminal.text("a");
  terminal.text("b\nc");
  terminal.line("d");
  assert.equal(written(), "ab\nc\nd\n");
});

Deno.test("Terminal keeps colours out of a file", () => {
  const { terminal, written } = recorder(false);
  terminal.text("\x1b[33m2\x1b[39m\n");
  terminal.live("a", "\x1b[1mbar\x1b[0m");
  assert.equal(written(), "2\nbar\n");
  assert.equal(stripEscapes("\x1b[2Ka\x1b[0;31mb"), "ab");
});
