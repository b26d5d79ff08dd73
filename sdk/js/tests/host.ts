// A host in memory: all that the SDK imports, in one module.

import { randomBytes } from "node:crypto";

export const logged: string[] = [];
export const printed: string[] = [];
const buckets: Record<string, Map<string, Uint8Array>> = { hot: new Map(), durable: new Map() };
const files = new Map([["notes/a.txt", new TextEncoder().encode("ö".repeat(40_000))]]);

const handle = <T extends object>(value: T) => Object.assign(value, { [Symbol.dispose ?? "dispose"]: () => {} });

/** The `err` of a result, as componentize-qjs throws it. */
const err = (payload: unknown) => Object.assign(new Error(`${payload} (see error.payload)`), { payload });

export const callId = () => "0190";
export const deadline = () => 1_795_240_440_781;
export const progress = (...report: unknown[]) => void logged.push(JSON.stringify(report));

/** A configuration value, or the placeholder of a secret. */
export function get(key: string) {
  if (key === "API_KEY") return "skep-secret-API_KEY";
  if (key === "OTHER_KEY") throw err({ tag: "denied", val: "no secret OTHER_KEY" });
  if (key === "broken") throw err({ tag: "io", val: "no database" });
  return key === "greeting" ? "hello" : null;
}
export const getBasic = (name: string, user: string) => `${get(name)}-${user}`;
export const getAll = () => [["greeting", "hello"]];

export function open(name: string) {
  const values = buckets[name];
  if (!values) throw err({ tag: "no-such-store" });
  return handle({
    values,
    get: (key: string) => values.get(key) ?? null,
    set: (key: string, value: Uint8Array) => void values.set(key, value),
    delete: (key: string) => void values.delete(key),
    exists: (key: string) => values.has(key),
    listKeys(cursor: number | null) {
      const [keys, at] = [[...values.keys()], cursor ?? 0];
      return { keys: keys.slice(at, at + 1), cursor: at + 1 < keys.length ? at + 1 : null };
    },
  });
}
const text = (value: Uint8Array | null | undefined) => value && new TextDecoder().decode(value);

export function increment({ values }: ReturnType<typeof open>, key: string, delta: number) {
  const sum = Number(text(values.get(key)) ?? 0) + delta;
  values.set(key, new TextEncoder().encode(String(sum)));
  return sum;
}
export function compareAndSet(
  { values }: ReturnType<typeof open>,
  key: string,
  expected: Uint8Array | null,
  value: Uint8Array | null,
) {
  if (text(values.get(key)) !== (text(expected) ?? undefined)) return false;
  if (value) values.set(key, value);
  else values.delete(key);
  return true;
}

export function call(skill: string, tool: string | null, input: string) {
  if (skill !== "peer") throw err({ code: "unknown_skill", message: `no skill ${skill}` });
  return JSON.stringify([tool, JSON.parse(input)]);
}
export const find = (capability: string) => [
  {
    name: "peer",
    version: "1.0.0",
    description: "echoes",
    capabilities: [capability],
    tools: [{ name: "echo", description: "", inputSchema: '{"type":"object"}', outputSchema: null }],
  },
];

export const log = (level: string, context: string, message: string) => void logged.push(`${level} ${context}: ${message}`);
export const getRandomBytes = (length: number) => new Uint8Array(randomBytes(length));
export const getEnvironment = () => [["LANG", "C"]];
export const getStdout = () =>
  handle({ blockingWriteAndFlush: (bytes: Uint8Array) => void printed.push(new TextDecoder().decode(bytes)) });
export const subscribeDuration = () => handle({ block: () => {} });

/** One granted folder, `/data/deep`, above which another one lies. */
export const getDirectories = () => [
  [folder("outer/"), "/data"],
  [folder(""), "/data/deep"],
];

function folder(above: string) {
  return handle({
    openAt(_follow: object, path: string, how: { create: boolean; truncate: boolean }) {
      const name = above + path;
      if (path === "notes") return handle({ readDirectory: entries });
      if (how.create && above) throw err("read-only");
      if (how.truncate) files.set(name, new Uint8Array());
      if (!files.has(name)) throw err("no-entry");
      return handle({
        read: (length: number, at: number) => [files.get(name)!.slice(at, at + length), at + length >= files.get(name)!.length],
        write(bytes: Uint8Array, at: number) {
          const taken = bytes.subarray(0, 1000);
          files.set(name, new Uint8Array([...files.get(name)!.subarray(0, at), ...taken]));
          return taken.length;
        },
      });
    },
  });
}

function entries() {
  const left = [
    { name: "b", type: "directory" },
    { name: "a.txt", type: "regular-file" },
  ];
  return handle({ readDirectoryEntry: () => left.shift() ?? null });
}
