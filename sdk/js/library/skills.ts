// Other skills: those that the operator granted with `--skill`.

import * as host from "skep:skill/skills@0.1.0";
import { asked } from "./asked";
import { Failed } from "./errors";
import type { JsonSchema } from "./schema";

/** Another skill's call didn't end well: the host's code for it (`tool_error`, `denied`) and what happened. */
export class Fault extends Failed {
  override name = "Fault";
  constructor(readonly code: string, readonly reason: string) {
    super(`${code}: ${reason}`);
  }
}

/** One tool of a skill. */
export interface ToolInfo {
  name: string;
  description: string;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema | null;
}

/** A skill that may be called. */
export interface SkillInfo {
  name: string;
  version: string;
  description: string;
  /** What it offers, in dotted words such as `csv.read`. */
  capabilities: string[];
  tools: ToolInfo[];
}

/** Calls a tool and waits for its answer. The tool may be left out (`null`) where the skill has only one. */
export function call(skill: string, tool: string | null, input: unknown = {}): any {
  return JSON.parse(asked(() => host.call(skill, tool, JSON.stringify(input)), fault));
}

/** The skills that may be called and offer a capability, the closest match first; all of them for none. */
export function find(capability = ""): SkillInfo[] {
  return asked(() => host.find(capability), fault).map((skill) => ({ ...skill, tools: skill.tools.map(toolInfo) }));
}

function toolInfo(tool: host.ToolInfo): ToolInfo {
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: JSON.parse(tool.inputSchema),
    outputSchema: tool.outputSchema === null ? null : JSON.parse(tool.outputSchema),
  };
}

const fault = ({ code, message }: host.Fault): Fault => new Fault(code, message);
