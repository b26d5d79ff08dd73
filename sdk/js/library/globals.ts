// The globals that need a host: console, crypto, and a Math.random that isn't the same in every call.

import { getRandomBytes } from "wasi:random/random@0.2.12";
import * as log from "./log";
import { show } from "./web/show";
import "./web";

/** As much as the standard lets one ask for at once. */
const RANDOM_BYTES_MAX = 65536;

const printer =
  (level: log.Level) =>
  (...values: unknown[]): void =>
    log.write(level, values.map(show).join(" "), "console");

const console = {
  log: printer("info"),
  info: printer("info"),
  debug: printer("debug"),
  trace: printer("trace"),
  warn: printer("warn"),
  error: printer("error"),
  assert: (holds: unknown, ...values: unknown[]) => holds || console.error("assertion failed:", ...values),
};

const crypto = {
  getRandomValues<T extends ArrayBufferView>(into: T): T {
    if (!ArrayBuffer.isView(into) || into instanceof Float32Array || into instanceof Float64Array || into instanceof DataView) {
      throw new DOMException("getRandomValues fills arrays of integers", "TypeMismatchError");
    }
    if (into.byteLength > RANDOM_BYTES_MAX) {
      throw new DOMException(`getRandomValues fills at most ${RANDOM_BYTES_MAX} bytes`, "QuotaExceededError");
    }
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(getRandomBytes(into.byteLength));
    return into;
  },

  randomUUID(): string {
    const bytes = getRandomBytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  },
};

/** 53 random bits, as many as a number between 0 and 1 has. The engine's own seed is fixed when it is built. */
function random(): number {
  const words = new Uint32Array(crypto.getRandomValues(new Uint8Array(8)).buffer);
  return ((words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6)) / 2 ** 53;
}

for (const [name, value] of Object.entries({ console, crypto })) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
Math.random = random;
