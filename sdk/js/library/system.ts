// What other runtimes have built in: environment variables, standard output, sleep.

import * as environment from "wasi:cli/environment@0.2.12";
import { getStdout } from "wasi:cli/stdout@0.2.12";
import * as clock from "wasi:clocks/monotonic-clock@0.2.12";
import { encode } from "./web/text";

/** As much as one write to a stream may take. */
const WRITE_BYTES_MAX = 4096;

/** The environment variables that were granted. */
export const env = {
  get: (name: string): string | null => env.all()[name] ?? null,
  all: (): Record<string, string> => Object.fromEntries(environment.getEnvironment()),
};

/** Writes a line to standard output, which goes to the log. */
export function print(text: string): void {
  const bytes = encode(`${text}\n`);
  const stdout = getStdout();
  for (let at = 0; at < bytes.length; at += WRITE_BYTES_MAX) {
    stdout.blockingWriteAndFlush(bytes.subarray(at, at + WRITE_BYTES_MAX));
  }
  stdout[Symbol.dispose]();
}

/** Waits for so many milliseconds. There are no timers: nothing else can happen meanwhile. */
export function sleep(ms: number): void {
  if (!(ms > 0)) return;
  const pollable = clock.subscribeDuration(Math.round(ms * 1e6));
  pollable.block();
  pollable[Symbol.dispose]();
}
