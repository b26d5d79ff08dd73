// Schemas of inputs and outputs: one declaration gives the JSON Schema and the static type.

/** A JSON Schema, as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

declare const type: unique symbol;

/** A JSON Schema that knows its type. The host validates each input against it before the tool runs. */
export interface Schema<T> {
  readonly json: JsonSchema;
  readonly [type]?: T;
}

/** A member that may be left out. */
interface Optional<T> extends Schema<T> {
  readonly optional: true;
}

/** The type of what fits a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

type Members = { readonly [name: string]: Schema<unknown> };
type OptionalNames<M> = { [K in keyof M]: M[K] extends Optional<unknown> ? K : never }[keyof M];
type Flat<T> = { [K in keyof T]: T[K] };
type ObjectOf<M> = Flat<
  { [K in Exclude<keyof M, OptionalNames<M>>]: Infer<M[K]> } & { [K in OptionalNames<M>]?: Infer<M[K]> }
>;
type Scalar = string | number | boolean | null;

const made = <T>(json: JsonSchema, more?: JsonSchema): Schema<T> => ({ json: more ? { ...json, ...more } : json });

/**
 * Builds schemas. Every function takes more keywords of JSON Schema last:
 * `s.integer({ minimum: 1, description: "how many" })`.
 */
export const s = {
  string: (more?: JsonSchema) => made<string>({ type: "string" }, more),
  integer: (more?: JsonSchema) => made<number>({ type: "integer" }, more),
  number: (more?: JsonSchema) => made<number>({ type: "number" }, more),
  boolean: (more?: JsonSchema) => made<boolean>({ type: "boolean" }, more),
  null: (more?: JsonSchema) => made<null>({ type: "null" }, more),

  /** Anything that JSON can say. */
  any: (more?: JsonSchema) => made<any>({}, more),

  /** One of these values. */
  enum: <const V extends readonly Scalar[]>(values: V, more?: JsonSchema) => made<V[number]>({ enum: values }, more),

  array: <T>(item: Schema<T>, more?: JsonSchema) => made<T[]>({ type: "array", items: item.json }, more),

  /** An array of fixed length. */
  tuple: <const M extends readonly Schema<unknown>[]>(items: M, more?: JsonSchema) =>
    made<{ -readonly [K in keyof M]: Infer<M[K]> }>(
      { type: "array", prefixItems: items.map((item) => item.json), minItems: items.length, maxItems: items.length },
      more,
    ),

  /** An object with any names, whose values are alike. */
  record: <T>(value: Schema<T>, more?: JsonSchema) =>
    made<Record<string, T>>({ type: "object", additionalProperties: value.json }, more),

  /** An object with these members and no others. */
  object: <M extends Members>(members: M, more?: JsonSchema) => made<ObjectOf<M>>(objectSchema(members), more),

  /** A member of an object that may be left out. */
  optional: <T>(schema: Schema<T>): Optional<T> => ({ ...schema, optional: true }),

  /** This, or `null`. */
  nullable: <T>(schema: Schema<T>, more?: JsonSchema) => made<T | null>({ anyOf: [schema.json, { type: "null" }] }, more),

  /** One of several. */
  union: <M extends readonly Schema<unknown>[]>(cases: M, more?: JsonSchema) =>
    made<Infer<M[number]>>({ anyOf: cases.map((each) => each.json) }, more),

  /** A JSON Schema written by hand. */
  raw: <T = any>(json: JsonSchema) => made<T>(json),
};

function objectSchema(members: Members): JsonSchema {
  const names = Object.keys(members);
  const required = names.filter((name) => !("optional" in members[name]!));
  const properties = Object.fromEntries(names.map((name) => [name, members[name]!.json]));
  const schema = { type: "object", properties, additionalProperties: false };
  return required.length > 0 ? { ...schema, required } : schema;
}
