/**
 * The queue between searches and workers: BullMQ over Redis, what stands in a job, and the
 * connection.
 *
 * Everything that comes out of Redis is data: it is checked before it is used.
 *
 * @module
 */

import { Redis } from "ioredis";
import { shown, shownText } from "../../core/shown.ts";
import type { JobEnd } from "./backend.ts";

/** Name of the queue; searches that are not to share workers take another Redis or another database of it. */
export const QUEUE = "arch-llm";

/** Times that a job is handed on after its worker was lost. */
export const MOST_STALLS = 10;

/** What a job asks of a worker. */
export interface QueuedRequest {
  /** Another one for each attempt that a search makes, so that a job that is handed on is known. */
  readonly submission: string;
  /** The content of the request file, without folders. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly limitSeconds: number | null;
  readonly heartbeatSeconds: number | null;
  /** Whether the search wants it no more. */
  readonly cancelled: boolean;
}

/** What a worker answers. */
export interface QueuedAnswer {
  readonly end: JobEnd;
  /** The content of the result file; null where there is none. */
  readonly result: string | null;
  /** The last line that the program wrote to standard error. */
  readonly errors: string;
}

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Connects to Redis; the connection comes back by itself when it is lost.
 *
 * @param url `redis://[:password@]host[:port][/database]`.
 * @param action What cannot be done on an error.
 * @throws {RangeError} If it is no such address, or is that of another machine without a
 *   password.
 * @throws {Error} If nothing answers there.
 */
export async function connectRedis(
  url: string,
  action: string,
): Promise<Redis> {
  const fail = (rule: string, got: string): never => {
    throw new RangeError(
      `Cannot ${action}: --queue must be ${rule}, got ${got}`,
    );
  };
  const { protocol, hostname, port, password, username, pathname } =
    URL.parse(url) ?? fail("redis://[:password@]host:port", shownText(url));
  if (!/^rediss?:$/.test(protocol)) {
    fail("redis://[:password@]host:port", shownText(protocol));
  }
  const database = /^\/?(\d*)$/.exec(pathname)?.[1] ??
    fail("redis://[:password@]host:port/number", shownText(pathname));
  if (password === "" && !LOOPBACK.includes(hostname)) {
    fail(
      "an address with a password, as it is of another machine",
      `none for ${hostname}`,
    );
  }
  const client = new Redis({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 6379),
    username: username || undefined,
    password: decodeURIComponent(password) || undefined,
    db: Number(database),
    tls: protocol === "rediss:" ? {} : undefined,
    // BullMQ asks for it: a command waits until the connection is back.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(200 * times, 5000),
    lazyConnect: true,
  });
  const failed = Promise.withResolvers<never>();
  const onError = (error: Error) => failed.reject(error);
  client.once("error", onError);
  try {
    await Promise.race([
      client.connect().then(() => client.ping()),
      failed.promise,
    ]);
  } catch (error) {
    client.disconnect();
    throw new Error(
      `Cannot ${action}: a Redis must answer at ${hostname}:${
        port || 6379
      }, got ${(error as Error).message}`,
      { cause: error },
    );
  }
  failed.promise.catch(() => {});
  client.off("error", onError);
  // Of a lost connection nothing is to be said: it is tried again.
  client.on("error", () => {});
  return client;
}

/** @throws {SyntaxError} If it is no answer of a worker. */
export function parseAnswer(value: unknown): QueuedAnswer {
  const fail = (name: string, rule: string, got: unknown): never => {
    throw new SyntaxError(
      `the answer of a worker must have ${name}, ${rule}, got ${shown(got)}`,
    );
  };
  const fields = value as Record<string, unknown>;
  if (typeof value !== "object" || value === null) {
    return fail("fields", "as an object", value);
  }
  const { end, result = null, errors = "" } = fields;
  if (result !== null && typeof result !== "string") {
    fail("result", "a text or null", result);
  }
  if (typeof errors !== "string") fail("errors", "a text", errors);
  const { kind, code, why } = (end ?? {}) as Record<string, unknown>;
  const known: JobEnd | null = kind === "timeout"
    ? { kind }
    : kind === "lost"
    ? { kind, why: `${why}` }
    : kind === "exited" && Number.isInteger(code)
    ? { kind, code: code as number }
    : null;
  return {
    end: known ?? fail("end", "how the program ended", end),
    result: result as string | null,
    errors: errors as string,
  };
}

/** @throws {SyntaxError} If it is no request of a search. */
export function parseQueuedRequest(value: unknown): QueuedRequest {
  const fields = (value ?? {}) as Record<string, unknown>;
  const { submission, request, cancelled } = fields;
  const seconds = (name: string): number | null => {
    const given = fields[name] ?? null;
    if (given === null || (typeof given === "number" && given > 0)) {
      return given as number | null;
    }
    throw new SyntaxError(
      `a job must have ${name} above 0, got ${shown(given)}`,
    );
  };
  if (
    typeof submission !== "string" || typeof request !== "object" ||
    request === null
  ) {
    throw new SyntaxError(
      `a job must have submission and request, got ${shown(value)}`,
    );
  }
  return {
    submission,
    request: request as QueuedRequest["request"],
    limitSeconds: seconds("limitSeconds"),
    heartbeatSeconds: seconds("heartbeatSeconds"),
    cancelled: cancelled === true,
  };
}
