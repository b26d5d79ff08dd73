// structuredClone: deep copies of data, cycles included.

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** A deep copy. Throws a DataCloneError for what is no data: functions, symbols. */
export function structuredClone<T>(value: T): T {
  return copy(value, new Map()) as T;
}

function copy(value: unknown, seen: Map<object, object>): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
  }
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known) return known;
  const made = shell(value, seen);
  seen.set(value, made);
  fill(value, made, seen);
  return made;
}

/** The copy before its members. */
function shell(value: object, seen: Map<object, object>): object {
  if (value instanceof Date) return new Date(value);
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Boolean || value instanceof Number || value instanceof String) return Object(value.valueOf());
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return view(value, seen);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof Error) return error(value);
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef || value instanceof Promise) {
    throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
  }
  return {};
}

/** Views of one buffer stay views of one buffer. */
function view(value: ArrayBufferView, seen: Map<object, object>): object {
  const buffer = copy(value.buffer, seen) as ArrayBuffer;
  const View = value.constructor as new (buffer: ArrayBuffer, at: number, length: number) => object;
  const unit = "BYTES_PER_ELEMENT" in value ? Number(value.BYTES_PER_ELEMENT) : 1;
  return new View(buffer, value.byteOffset, value.byteLength / unit);
}

function error(value: Error): Error {
  const name = value.name in ERRORS ? (value.name as keyof typeof ERRORS) : "Error";
  const made = new ERRORS[name](value.message);
  Object.defineProperty(made, "stack", { value: value.stack, writable: true, configurable: true });
  return made;
}

function fill(from: object, into: object, seen: Map<object, object>): void {
  if (from instanceof Map) {
    for (const [key, value] of from) (into as Map<unknown, unknown>).set(copy(key, seen), copy(value, seen));
  } else if (from instanceof Set) {
    for (const value of from) (into as Set<unknown>).add(copy(value, seen));
  } else if (from instanceof Error) {
    if ("cause" in from) {
      Object.defineProperty(into, "cause", { value: copy(from.cause, seen), writable: true, configurable: true });
    }
  } else if (Array.isArray(from) || Object.prototype.toString.call(into) === "[object Object]") {
    for (const key of Object.keys(from)) (into as Record<string, unknown>)[key] = copy((from as Record<string, unknown>)[key], seen);
  }
}
