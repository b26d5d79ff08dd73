// The globals that a skill has besides the language's own, and no others: no fetch, no timers.

interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  trace(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  assert(holds: unknown, ...values: unknown[]): void;
}

/** Goes to the log, with the context `console`. */
declare var console: Console;

declare var crypto: {
  getRandomValues<T extends ArrayBufferView>(into: T): T;
  randomUUID(): string;
};

type BufferSource = ArrayBufferView | ArrayBufferLike;

type TextEncoder = import("./web/text").TextEncoder;
type TextDecoder = import("./web/text").TextDecoder;
type URL = import("./web/url").URL;
type URLSearchParams = import("./web/search-params").URLSearchParams;

declare var TextEncoder: typeof import("./web/text").TextEncoder;
declare var TextDecoder: typeof import("./web/text").TextDecoder;
declare var URL: typeof import("./web/url").URL;
declare var URLSearchParams: typeof import("./web/search-params").URLSearchParams;
declare var structuredClone: typeof import("./web/clone").structuredClone;

declare function atob(text: string): string;
declare function btoa(bytes: string): string;

declare class DOMException extends Error {
  constructor(message?: string, name?: string);
}
