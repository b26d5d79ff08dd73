// Values as console prints them.

/** A value as text: strings as they are, errors with their stack, the rest as JSON where that can say it. */
export function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ? `${value}\n${value.stack}` : String(value);
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? `${value}n` : String(value);
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    return String(value); // it contains itself
  }
}

/** Maps, sets and big integers are nothing to JSON. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return typeof value === "bigint" ? String(value) : value;
}
