// Tools from declaration to answer, and what they ask of their host, against a host in memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { config, context, env, Failed, files, InvalidInput, print, s, secrets, skills, state, tool } from "../library";
import { tools } from "../library/export";
import { logged, printed } from "./host";

const Greeting = s.object({
  name: s.string({ description: "whom" }),
  times: s.optional(s.integer({ minimum: 1 })),
});

tool({
  name: "greet",
  description: "Greets someone.",
  input: Greeting,
  output: s.string(),
  run: ({ name, times = 1 }) => Array(times).fill(`Hello, ${name}!`).join(" "),
});

const BREAKS: Record<string, () => unknown> = {
  failed: () => { throw new Failed("on purpose"); },
  input: () => { throw new InvalidInput("not this one"); },
  defect: () => (undefined as any).nothing,
  text: () => { throw "just \ud800 text"; },
  memory: () => { throw Object.assign(new Error("out of memory"), { name: "InternalError" }); },
  promise: async () => 1,
  nothing: () => undefined,
};

tool({
  name: "break",
  description: "Breaks.",
  input: { type: "object", properties: { how: { type: "string" } } },
  run: ({ how }) => BREAKS[how]!(),
});

tool({ name: "bare", description: "Takes nothing.", run: () => ({}) });

function fault(how: string): any {
  try {
    return tools.callTool("break", JSON.stringify({ how }));
  } catch (error) {
    return error;
  }
}

test("tools describe themselves", () => {
  const [greet, broken, bare] = tools.listTools();
  assert.deepEqual({ ...greet, inputSchema: JSON.parse(greet!.inputSchema) }, {
    name: "greet",
    description: "Greets someone.",
    inputSchema: {
      type: "object",
      properties: { name: { type: "string", description: "whom" }, times: { type: "integer", minimum: 1 } },
      additionalProperties: false,
      required: ["name"],
    },
    outputSchema: '{"type":"string"}',
  });
  assert.deepEqual([broken!.inputSchema, broken!.outputSchema], ['{"type":"object","properties":{"how":{"type":"string"}}}', null]);
  assert.equal(bare!.inputSchema, '{"type":"object","additionalProperties":false}');
  assert.throws(() => tool({ name: "bare", description: "", run: () => 1 }), /two tools are called bare/);
});

test("schemas say what their types are", () => {
  const check = (schema: { json: unknown }, json: unknown) => assert.deepEqual(schema.json, json);
  check(s.enum(["a", 1, null]), { enum: ["a", 1, null] });
  check(s.array(s.number(), { maxItems: 2 }), { type: "array", items: { type: "number" }, maxItems: 2 });
  check(s.record(s.boolean()), { type: "object", additionalProperties: { type: "boolean" } });
  check(s.nullable(s.string()), { anyOf: [{ type: "string" }, { type: "null" }] });
  check(s.union([s.null(), s.any()]), { anyOf: [{ type: "null" }, {}] });
  check(s.raw({ const: 1 }), { const: 1 });
  check(s.tuple([s.string(), s.integer()]), {
    type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], minItems: 2, maxItems: 2,
  });
});

test("a tool answers", () => {
  assert.equal(tools.callTool("greet", '{"name":"Zoë","times":2}'), '"Hello, Zoë! Hello, Zoë!"');
  assert.equal(fault("nothing"), "null");
});

test("what goes wrong becomes an answer", () => {
  assert.deepEqual(fault("failed"), { tag: "failed", val: "on purpose" });
  assert.deepEqual(fault("input"), { tag: "invalid-input", val: "not this one" });
  assert.deepEqual(fault("text"), { tag: "failed", val: "just \ufffd text" });
  assert.match(fault("promise").val, /event loop/);
  assert.match(fault("defect").val, /^TypeError: /);
  assert.match(logged.at(-1)!, /^error skep: tool break: TypeError: .*\n.*at /s);
  assert.equal(fault("memory").name, "InternalError");
});

test("configuration", () => {
  assert.deepEqual([config.get("greeting"), config.get("none"), config.get("none", "else")], ["hello", null, "else"]);
  assert.deepEqual(config.all(), { greeting: "hello" });
  assert.throws(() => config.get("broken"), { name: "Failed", message: "configuration: no database" });
});

test("state", () => {
  const { hot } = state;
  hot.set("a", "ö");
  hot.set("b", new Uint8Array([0]));
  assert.deepEqual([hot.getText("a"), hot.get("b"), hot.get("c"), hot.has("a")], ["ö", new Uint8Array([0]), null, true]);
  assert.deepEqual([...hot.keys()], ["a", "b"]);
  assert.deepEqual([hot.compareAndSet("a", null, "x"), hot.compareAndSet("a", "ö", null), hot.has("a")], [false, true, false]);
  assert.deepEqual([hot.increment("n"), hot.increment("n", 4)], [1, 5]);
  hot.delete("n");
  assert.deepEqual([...hot.keys()], ["b"]);
  assert.throws(() => new state.Bucket("warm").get("a"), { message: "state warm: there is no such bucket, only hot and durable" });
});

test("an effect is made once", async () => {
  const { durable } = state;
  const never = () => assert.fail("it was made");
  assert.deepEqual([await durable.once("a", (begun) => [begun]), await durable.once("a", never)], [[false], [false]]);
  // What failed was not made.
  await assert.rejects(durable.once("b", () => { throw new Error("no"); }), { message: "no" });
  assert.equal(await durable.once("b", async (begun) => begun), false);
  // An earlier call was cut off.
  durable.set("once/c", JSON.stringify({ begun: "another call" }));
  await assert.rejects(durable.once("c", async () => { throw new Error("no"); }), { message: "no" });
  assert.equal(await durable.once("c", (begun) => begun), true);
});

test("secrets", () => {
  assert.equal(secrets.get("API_KEY"), "skep-secret-API_KEY");
  assert.equal(secrets.basic("API_KEY", "ann"), "skep-secret-API_KEY-ann");
  assert.throws(() => secrets.get("OTHER_KEY"), { name: "Failed", message: "no secret OTHER_KEY" });
});

test("other skills", () => {
  assert.deepEqual(skills.call("peer", "echo", { a: 1 }), ["echo", { a: 1 }]);
  assert.deepEqual(skills.call("peer", null), [null, {}]);
  assert.throws(() => skills.call("other", null), { code: "unknown_skill", message: "unknown_skill: no skill other" });
  assert.deepEqual(skills.find("text.echo")[0]!.tools[0]!.inputSchema, { type: "object" });
});

test("files", () => {
  assert.equal(files.readText("/data/deep/notes/a.txt"), "ö".repeat(40_000));
  assert.equal(files.readText("/data//deep/./notes/a.txt").length, 40_000);
  assert.equal(files.write("/data/deep/new.txt", "x".repeat(2500)), 2500);
  assert.equal(files.readText("/data/deep/new.txt"), "x".repeat(2500));
  assert.deepEqual(files.list("/data/deep/notes"), [{ name: "a.txt", kind: "file" }, { name: "b", kind: "directory" }]);
  const fails = (path: string, code: string) => assert.throws(() => files.read(path), { code, message: `${path}: ${code}` });
  fails("/data/deep/none", "no-entry");
  fails("/elsewhere", "no-entry");
  fails("relative", "no-entry");
  assert.throws(() => files.write("/data/x", ""), { code: "read-only" });
});

test("the rest of the host", () => {
  assert.equal(context.deadline().toISOString(), "2026-11-21T05:54:00.781Z");
  context.progress(1);
  assert.equal(logged.at(-1), "[1,null,null]");
  assert.deepEqual([env.get("LANG"), env.get("NONE")], ["C", null]);
  print("x".repeat(5000));
  assert.equal(printed.join(""), `${"x".repeat(5000)}\n`);
});

test("the globals that need a host", () => {
  console.warn("slow:", { ms: 7, by: new Map([["a", 1n]]) }, [1], null, undefined, 2n);
  assert.equal(logged.at(-1), 'warn console: slow: {"ms":7,"by":{"a":"1"}} [1] null undefined 2n');
  const [a, b] = [Math.random(), Math.random()];
  assert.ok(a !== b && a >= 0 && a < 1);
  assert.match(crypto.randomUUID(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const filled = crypto.getRandomValues(new Uint32Array(64));
  assert.ok(filled.some((word) => word !== 0));
  assert.throws(() => crypto.getRandomValues(new Float64Array(1)), { name: "TypeMismatchError" });
  assert.throws(() => crypto.getRandomValues(new Uint8Array(65537)), { name: "QuotaExceededError" });
});
