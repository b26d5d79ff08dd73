// The side that the host calls: `list-tools` and `call-tool`, and no error that escapes.

import { Failed, InvalidInput } from "./errors";
import * as log from "./log";
import { declaredTools, jsonSchema } from "./tool";

const NO_INPUT = { type: "object", additionalProperties: false };

/** The exports of the interface `tools`. */
export const tools = {
  listTools: () =>
    [...declaredTools.values()].map((tool) => ({
      name: tool.name,
      description: tool.description,
      inputSchema: JSON.stringify(jsonSchema(tool.input ?? NO_INPUT)),
      outputSchema: tool.output ? JSON.stringify(jsonSchema(tool.output)) : null,
    })),

  callTool(name: string, input: string): string {
    try {
      return answer(name, input);
    } catch (error) {
      throw told(name, error);
    }
  },
};

function answer(name: string, input: string): string {
  const tool = declaredTools.get(name);
  if (!tool) throw new Failed(`no tool ${name}`);
  const output = tool.run(JSON.parse(input));
  if (output instanceof Promise) {
    throw new Failed("the tool returned a promise, which nothing would settle: a skill has no event loop");
  }
  return JSON.stringify(output) ?? "null";
}

/** The error as the contract has it; what breaks the instance is thrown on, for the host to name. */
function told(name: string, error: unknown): unknown {
  if (error instanceof InvalidInput) return { tag: "invalid-input", val: words(error.message) };
  if (error instanceof Failed) return { tag: "failed", val: words(error.message) };
  if (!(error instanceof Error)) return { tag: "failed", val: words(String(error)) };
  if (error.name === "InternalError" && error.message === "out of memory") return error;
  log.error(words(`tool ${name}: ${error}\n${error.stack ?? ""}`), "skep");
  return { tag: "failed", val: words(String(error)) };
}

/** Text that can leave: half a surrogate pair is no Unicode. */
function words(text: string): string {
  return text.toWellFormed();
}
