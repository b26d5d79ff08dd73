// Logging: messages for whoever looks after the skill. The context is a word that groups them.

import * as host from "wasi:logging/logging@0.1.0-draft";

/** How much a message matters. */
export type Level = host.Level;

/** Logs a message at a level. */
export function write(level: Level, message: string, context = ""): void {
  host.log(level, context, message.toWellFormed());
}

export const trace = (message: string, context?: string) => write("trace", message, context);
export const debug = (message: string, context?: string) => write("debug", message, context);
export const info = (message: string, context?: string) => write("info", message, context);
export const warn = (message: string, context?: string) => write("warn", message, context);
export const error = (message: string, context?: string) => write("error", message, context);
export const critical = (message: string, context?: string) => write("critical", message, context);
