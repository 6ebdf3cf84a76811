/**
 * The address of a Redis as it is typed, with the password of the environment: what stands in a
 * command line is seen by all who use a machine.
 *
 * @module
 */

import { DEFAULT_QUEUE } from "../evaluation/backends/open_backend.ts";

/** Name of the environment variable with the password. */
const PASSWORD = "REDIS_PASSWORD";

/** The whole address; what is no address is left for who opens it. */
export function queueAddress(typed: string = DEFAULT_QUEUE): string {
  const url = URL.parse(typed);
  const password = Deno.env.get(PASSWORD);
  if (url === null || url.password !== "" || !password) return typed;
  url.password = encodeURIComponent(password);
  return url.href;
}
