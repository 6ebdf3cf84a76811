/**
 * A page in a Chromium without a window, driven over its DevTools protocol.
 *
 * @module
 */

import { findChromium } from "../../lib/report/images.ts";
import { withFolder } from "../_helpers.ts";

/** Whether there is no browser to test in. */
export const noChromium = await findChromium() === null;

/** An open page. */
export interface BrowserPage {
  /** Addresses that the page and its workers have asked for so far. */
  readonly requested: readonly string[];
  /** What the page has said on its console and has thrown so far. */
  readonly complaints: readonly string[];
  /** Evaluates an expression in the page; a promise is waited for, the value must be JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true in the page, a minute at most unless told otherwise. */
  until(expression: string, seconds?: number): Promise<void>;
  /** Sends a command of the DevTools protocol to the page. */
  send(method: string, params?: object): Promise<Record<string, unknown>>;
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Opens a page in a browser of its own, which ends with the action. */
export function withPage<T>(
  url: string,
  action: (page: BrowserPage) => Promise<T>,
): Promise<T> {
  return withFolder(async (profile) => {
    const browser = new Deno.Command((await findChromium())!, {
      args: [
        "--headless",
        "--no-sandbox", // it refuses to start as root otherwise; the page is ours
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const errors = browser.stderr.getReader();
    let socket: WebSocket | undefined;
    let draining: Promise<void> | undefined;
    try {
      const address = await devToolsAddress(errors);
      draining = drain(errors);
      socket = new WebSocket(address);
      await new Promise((resolve, reject) => {
        socket!.onopen = resolve;
        socket!.onerror = reject;
      });
      return await action(await openPage(socket, url));
    } finally {
      if (socket !== undefined) {
        const closed = new Promise((resolve) => socket!.onclose = resolve);
        socket.send(JSON.stringify({ id: 0, method: "Browser.close" }));
        await closed;
      } else browser.kill("SIGKILL");
      await browser.status;
      await (draining ?? errors.cancel());
    }
  });
}

/** Reads the address that the browser listens at. */
async function devToolsAddress(
  errors: ReadableStreamDefaultReader<Uint8Array>,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (true) {
    const found = /DevTools listening on (ws:\S+)/.exec(text);
    if (found !== null) return found[1];
    const { value, done } = await errors.read();
    if (done) throw new Error(`Chromium does not start: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
}

async function drain(
  errors: ReadableStreamDefaultReader<Uint8Array>,
): Promise<void> {
  while (!(await errors.read()).done);
}

/** Opens a tab and goes to an address with everything watched from the start. */
async function openPage(socket: WebSocket, url: string): Promise<BrowserPage> {
  const waiting = new Map<number, (message: Message) => void>();
  const requested: string[] = [];
  const complaints: string[] = [];
  let last = 0;
  const send = async (
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await new Promise<Message>((resolve) =>
      waiting.set(id, resolve)
    );
    if (result === undefined) throw new Error(`${method}: ${error?.message}`);
    return result;
  };
  /** A page or a worker of it: watches it, and lets it go on. */
  const watch = async (sessionId: string) => {
    await Promise.all(
      ["Network.enable", "Runtime.enable", "Log.enable"].map((method) =>
        // Some kinds of worker have not all of them.
        send(method, {}, sessionId).catch(() => {})
      ),
    );
    await send("Target.setAutoAttach", {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
    }, sessionId).catch(() => {});
    await send("Runtime.runIfWaitingForDebugger", {}, sessionId)
      .catch(() => {});
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    const { method, params = {} } = message;
    if (method === "Target.attachedToTarget") watch(`${params.sessionId}`);
    else if (method === "Network.requestWillBeSent") {
      requested.push((params.request as { url: string }).url);
    } else if (
      method === "Runtime.exceptionThrown" || method === "Log.entryAdded" ||
      method === "Runtime.consoleAPICalled"
    ) complaints.push(JSON.stringify(params));
  };
  const { targetId } = await send("Target.createTarget", {
    url: "about:blank",
  });
  const { sessionId } = await send("Target.attachToTarget", {
    targetId,
    flatten: true,
  }) as { sessionId: string };
  await watch(sessionId);
  await send("Page.enable", {}, sessionId);
  await send("Page.navigate", { url }, sessionId);
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    }, sessionId);
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return (result as { value: T }).value;
  };
  return {
    requested,
    complaints,
    evaluate,
    async until(expression, seconds = 60) {
      const deadline = Date.now() + 1000 * seconds;
      // A page that is loaded anew cannot be asked for a moment.
      const holds = () =>
        evaluate<boolean>(`Boolean(${expression})`).catch((error: Error) => {
          if (/navigated or closed/.test(error.message)) return false;
          throw error;
        });
      while (!await holds()) {
        if (Date.now() > deadline) {
          throw new Error(
            `Not true within ${seconds} s: ${expression}\n${
              complaints.join("\n")
            }`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    send: (method, params) => send(method, params, sessionId),
  };
}
