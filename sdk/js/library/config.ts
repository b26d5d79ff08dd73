// The skill's configuration: `[config]` in skill.toml, and what the operator set over it.

import * as host from "wasi:config/store@0.2.0-rc.1";
import { asked } from "./asked";
import { Failed } from "./errors";

/** The value of a key, or `otherwise`, or `null`. */
export function get(key: string): string | null;
export function get(key: string, otherwise: string): string;
export function get(key: string, otherwise: string | null = null): string | null {
  return asked(() => host.get(key), unreadable) ?? otherwise;
}

/** Every key with its value. */
export const all = (): Record<string, string> => Object.fromEntries(asked(host.getAll, unreadable));

const unreadable = (error: host.Error): Failed => new Failed(`configuration: ${error.val}`);
