// Skep for JavaScript and TypeScript: what a skill imports from "skep".

import "./globals";

export { Failed, InvalidInput } from "./errors";
export { s, type Infer, type JsonSchema, type Schema } from "./schema";
export { tool, type ToolSpec } from "./tool";
export { env, print, sleep } from "./system";
export * as config from "./config";
export * as context from "./context";
export * as files from "./files";
export * as log from "./log";
export * as secrets from "./secrets";
export * as skills from "./skills";
export * as state from "./state";
