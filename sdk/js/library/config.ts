// The skill's configuration: `[config]` in skill.toml, and what the operator set over it.

import * as host from "wasi:config/store@0.2.0-rc.1";
import { Failed } from "./errors";

/** The value of a key, or `otherwise`, or `null`. */
export function get(key: string): string | null;
export function get(key: string, otherwise: string): string;
export function get(key: string, otherwise: string | null = null): string | null {
  return asked(() => host.get(key)) ?? otherwise;
}

/** Every key with its value. */
export const all = (): Record<string, string> => Object.fromEntries(asked(host.getAll));

function asked<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw new Failed(`configuration: ${(error as host.Error).val}`);
  }
}
