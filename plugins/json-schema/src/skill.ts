// Checks JSON against JSON Schemas, given as they are or as files.

import { type Schema, type SchemaDraft, type ValidationResult, Validator } from "@cfworker/json-schema";
import { files, InvalidInput, s, tool } from "skep";

/** How many mistakes are told: more help nobody. */
const MISTAKES_MAX = 100;

const DRAFTS = ["4", "7", "2019-09", "2020-12"] as const;

const draft = s.optional(s.enum(DRAFTS, { description: "the draft of the schema; by its $schema, else 2020-12, if left out" }));
const verdict = s.object({
  valid: s.boolean(),
  mistakes: s.array(
    s.object({
      at: s.string({ description: "where in the document, as a JSON pointer" }),
      message: s.string(),
      rule: s.string({ description: "the rule of the schema that isn't kept, as a JSON pointer" }),
    }),
    { description: `at most ${MISTAKES_MAX}, the innermost ones` },
  ),
});

tool({
  name: "validate",
  description: "Checks a JSON value against a JSON Schema and tells each place that doesn't fit.",
  input: s.object({
    schema: s.any({ type: ["object", "boolean"], description: "the JSON Schema" }),
    value: s.any({ description: "what to check" }),
    draft,
  }),
  output: verdict,
  run: ({ schema, value, draft }) => check(schema, value, draft),
});

tool({
  name: "validate_file",
  description: "Checks a JSON file against a JSON Schema in another file.",
  input: s.object({
    schema: s.string({ description: "path of the schema, as in /data/order.schema.json" }),
    path: s.string({ description: "path of the document, as in /data/order.json" }),
    draft,
  }),
  output: verdict,
  run: ({ schema, path, draft }) => check(parsed(schema) as Schema, parsed(path), draft),
});

function check(schema: Schema | boolean, value: unknown, draft: SchemaDraft = draftOf(schema)) {
  const { valid, errors } = judged(schema, value, draft);
  // An error of a rule that holds others (properties, items) only repeats theirs.
  const inner = errors.filter((error) => !errors.some((other) => isBelow(other.keywordLocation, error.keywordLocation)));
  const mistakes = inner.slice(0, MISTAKES_MAX).map((error) => ({
    at: error.instanceLocation.replace(/^#/, ""),
    message: error.error,
    rule: error.keywordLocation.replace(/^#/, ""),
  }));
  return { valid, mistakes };
}

function judged(schema: Schema | boolean, value: unknown, draft: SchemaDraft): ValidationResult {
  try {
    return new Validator(schema, draft, false).validate(value);
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw new InvalidInput(`the schema can't be used: ${reason}`);
  }
}

function draftOf(schema: Schema | boolean): SchemaDraft {
  const named = typeof schema === "object" ? String(schema.$schema ?? "") : "";
  return DRAFTS.find((draft) => named.includes(`draft-0${draft}/`) || named.includes(`/${draft}/`)) ?? "2020-12";
}

function isBelow(place: string, above: string): boolean {
  return place.startsWith(`${above}/`);
}

function parsed(path: string): unknown {
  const text = files.readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(`${path} is no JSON: ${(error as Error).message}`);
  }
}
