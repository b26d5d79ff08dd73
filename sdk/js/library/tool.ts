// Declaring a tool.

import type { JsonSchema, Schema } from "./schema";

/** A tool: its name, what it does, what it takes and gives, and the function that does it. */
export interface ToolSpec<I, O> {
  /** Letters, digits, `_`, `-` and `.`. */
  name: string;
  /** What the tool does, for the person or agent that chooses it. */
  description: string;
  /** A schema made with `s`, or a JSON Schema. An object without members if left out. */
  input?: Schema<I> | JsonSchema;
  /** The same for what it answers, if that has a fixed shape. The host validates each answer against it. */
  output?: Schema<O> | JsonSchema;
  /** Does the work. Not asynchronous: a skill has no event loop. */
  run(input: I): O;
}

type AnyTool = ToolSpec<any, unknown>;

const declared = new Map<string, AnyTool>();

/** Declares a tool of this skill. */
export function tool<I = {}, O = unknown>(spec: Omit<ToolSpec<I, O>, "input"> & { input?: Schema<I> }): void;
export function tool<O = unknown>(spec: Omit<ToolSpec<any, O>, "input"> & { input: JsonSchema }): void;
export function tool(spec: AnyTool): void {
  if (declared.has(spec.name)) throw new Error(`two tools are called ${spec.name}`);
  declared.set(spec.name, spec);
}

/** All tools that were declared, by name. */
export const declaredTools: ReadonlyMap<string, AnyTool> = declared;

/** The JSON Schema of what may be either. */
export function jsonSchema(schema: Schema<unknown> | JsonSchema): JsonSchema {
  return "json" in schema ? (schema.json as JsonSchema) : schema;
}
