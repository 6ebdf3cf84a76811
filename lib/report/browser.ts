/**
 * A Chromium without a window that runs scripts and prints what they leave on its page.
 *
 * It is driven by the DevTools protocol through two pipes, so no port is opened, and a browser
 * whose program has ended ends too. Its profile lies in a temporary folder that goes with it.
 * In a notebook it stays for a while after its last work, as starting it takes longer than to
 * draw a figure.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { within } from "../core/processes.ts";
import { jupyter } from "./kernel.ts";

/** How long a browser without work stays in a notebook. */
const IDLE_MS = 10_000;

/** The page of a browser. */
export interface BrowserPage {
  /**
   * Evaluates an expression; a promise is waited for.
   *
   * @returns Its value, of JSON.
   * @throws {Error} If the expression throws.
   */
  evaluate(expression: string): Promise<unknown>;
  /** Prints the page in its own size as PDF. */
  printPdf(): Promise<Uint8Array>;
}

/**
 * Works on the page of a browser, which others have not left as it was.
 *
 * @param options `timeoutMs`: when to give up; `prepare`: a script that a new page runs first.
 * @throws {Error} If the browser does not start, ends, or does not answer in time.
 */
export async function withPage<T>(
  options: {
    readonly chromium: string;
    readonly timeoutMs: number;
    readonly prepare: () => Promise<string>;
  },
  action: (page: BrowserPage) => Promise<T>,
): Promise<T> {
  const turn = last.then(() => _work(options, action));
  last = turn.catch(() => {});
  return await turn;
}

/** The end of the work that was asked for last: there is one page, and it does one thing at a time. */
let last: Promise<unknown> = Promise.resolve();
/** The browser that stays for a while. */
let idle: {
  browser: Browser;
  chromium: string;
  timer: ReturnType<typeof setTimeout>;
} | null = null;

async function _work<T>(
  { chromium, timeoutMs, prepare }: Parameters<typeof withPage>[0],
  action: (page: BrowserPage) => Promise<T>,
): Promise<T> {
  let browser = _takeIdle(chromium);
  const work = (async () => {
    if (browser === null) {
      const profile = await Deno.makeTempDir({ prefix: "figures-" });
      browser = new Browser(chromium, profile);
      await browser.open();
      await browser.evaluate(await prepare());
    }
    return { result: await action(browser) };
  })();
  work.catch(() => {}); // which may come after the time is over
  try {
    const done = await within(work, timeoutMs);
    if (done === null) {
      throw new Error(
        `Cannot draw images: ${chromium} must end within ${
          timeoutMs / 1000
        } s, got no answer`,
      );
    }
    if (jupyter() !== null) _keep(browser!, chromium);
    else await browser!.close();
    return done.result;
  } catch (error) {
    browser?.kill();
    throw error;
  }
}

function _takeIdle(chromium: string): Browser | null {
  if (idle === null) return null;
  const { browser, timer } = idle;
  clearTimeout(timer);
  const fits = idle.chromium === chromium && browser.runs;
  idle = null;
  if (fits) return browser;
  browser.kill();
  return null;
}

function _keep(browser: Browser, chromium: string): void {
  const timer = setTimeout(() => {
    idle = null;
    browser.close().catch(() => {});
  }, IDLE_MS);
  idle = { browser, chromium, timer };
}

/** What the browser answers and tells. */
interface Message {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

class Browser implements BrowserPage {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<Message>>();
  readonly #ended = Promise.withResolvers<void>();
  /** Of the tab; commands without one are for the browser. */
  #session: string | undefined;
  #sent = 0;
  #errors = "";
  #end: Error | null = null;

  /** @param folder Of its profile, which goes with it. */
  constructor(chromium: string, folder: string) {
    this.#folder = folder;
    this.#child = spawn(chromium, [
      "--headless",
      "--no-sandbox", // it refuses to start as root otherwise; the page is ours
      "--disable-gpu",
      "--disable-dev-shm-usage", // /dev/shm is small in containers
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--user-data-dir=${folder}`,
      "--remote-debugging-pipe",
      "about:blank",
    ], { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
    this.#child.on("error", ({ message }) => {
      this.#fail(`${chromium} does not start: ${message}`);
    });
    this.#child.on("close", (code, signal) => {
      const reason = this.#errors.trim().split("\n").at(-1);
      this.#fail(
        `${chromium} must draw the images, got ${
          signal ?? `exit code ${code}`
        }${reason ? ` and: ${reason}` : ""}`,
      );
    });
    const [, , errors, commands, answers] = this.#child.stdio;
    errors?.on("data", (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-10_000);
    });
    (commands as Writable | null)?.on("error", () => {}); // "close" tells more
    this.#listen(answers as Readable | null);
  }

  /** Opens an empty page. */
  async open(): Promise<void> {
    const { targetId } = await this.#send("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await this.#send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    this.#session = sessionId as string;
  }

  /** Whether it has not ended. */
  get runs(): boolean {
    return this.#end === null;
  }

  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(
        `Cannot draw images: ${JSON.stringify(exceptionDetails)}`,
      );
    }
    return (result as { value: unknown }).value;
  }

  async printPdf(): Promise<Uint8Array> {
    const { data } = await this.#send("Page.printToPDF", {
      preferCSSPageSize: true,
      printBackground: true,
    });
    return Uint8Array.fromBase64(data as string);
  }

  /** Ends the browser, and waits for its end. */
  async close(): Promise<void> {
    this.#session = undefined;
    this.#send("Browser.close", {}).catch(() => {});
    await this.#ended.promise;
  }

  /** Ends the browser whatever it does. */
  kill(): void {
    this.#child.kill("SIGKILL");
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  async #send(
    method: string,
    params: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (this.#end !== null) throw this.#end;
    const id = ++this.#sent;
    const answer = Promise.withResolvers<Message>();
    this.#waiting.set(id, answer);
    const command = { id, method, params, sessionId: this.#session };
    const commands = this.#child.stdio[3] as Writable | null | undefined;
    commands?.write(`${JSON.stringify(command)}\0`);
    const { result, error } = await answer.promise;
    if (result === undefined) {
      throw new Error(`Cannot draw images: ${method}: ${error?.message}`);
    }
    return result;
  }

  #listen(answers: Readable | null): void {
    let parts: string[] = [];
    answers?.setEncoding("utf8");
    answers?.on("data", (text: string) => {
      const messages = text.split("\0");
      parts.push(messages.shift()!);
      for (const next of messages) {
        const message = JSON.parse(parts.join("")) as Message;
        parts = [next];
        if (message.id === undefined) continue; // an event
        this.#waiting.get(message.id)?.resolve(message);
        this.#waiting.delete(message.id);
      }
    });
  }

  #fail(reason: string): void {
    if (this.#end !== null) return;
    this.#end = new Error(`Cannot draw images: ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
    Deno.remove(this.#folder, { recursive: true })
      // On Windows a browser on its way out can hold its profile a little longer.
      .catch(() => {})
      .finally(this.#ended.resolve);
  }
}
