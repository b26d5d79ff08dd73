// URLSearchParams: the pairs of a query.

import { formDecode, formEncode } from "./percent";

type Init = string | Record<string, string> | Iterable<readonly [string, string]>;

export class URLSearchParams {
  #pairs: [string, string][];
  #changed: (query: string) => void = () => {};

  constructor(init: Init = "") {
    this.#pairs = pairsOf(init);
  }

  /** The parameters of a URL, which is told of each change. */
  static of(query: string, changed: (query: string) => void): URLSearchParams {
    const made = new URLSearchParams(query);
    made.#changed = changed;
    return made;
  }

  /** Takes over a query that the URL was given anew. */
  static reset(params: URLSearchParams, query: string): void {
    params.#pairs = pairsOf(query);
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: string, value: string): void {
    this.#set([...this.#pairs, [text(name), text(value)]]);
  }

  delete(name: string, value?: string): void {
    this.#set(this.#pairs.filter((pair) => !matches(pair, name, value)));
  }

  get(name: string): string | null {
    return this.#pairs.find((pair) => matches(pair, name))?.[1] ?? null;
  }

  getAll(name: string): string[] {
    return this.#pairs.filter((pair) => matches(pair, name)).map(([, value]) => value);
  }

  has(name: string, value?: string): boolean {
    return this.#pairs.some((pair) => matches(pair, name, value));
  }

  set(name: string, value: string): void {
    const first = this.#pairs.findIndex((pair) => matches(pair, name));
    if (first < 0) return this.append(name, value);
    const kept = this.#pairs.filter((pair, at) => at <= first || !matches(pair, name));
    kept[first] = [text(name), text(value)];
    this.#set(kept);
  }

  sort(): void {
    this.#set(this.#pairs.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
  }

  forEach(visit: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (const [name, value] of this) visit.call(self, value, name, this);
  }

  *entries(): Generator<[string, string]> {
    for (let at = 0; at < this.#pairs.length; at++) yield [...this.#pairs[at]!];
  }

  *keys(): Generator<string> {
    for (const [name] of this) yield name;
  }

  *values(): Generator<string> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }

  toString(): string {
    return this.#pairs.map((pair) => pair.map(formEncode).join("=")).join("&");
  }

  #set(pairs: [string, string][]): void {
    this.#pairs = pairs;
    this.#changed(this.toString());
  }
}

const text = (value: unknown): string => String(value).toWellFormed();

const matches = ([name, value]: [string, string], wanted: string, only?: string): boolean =>
  name === text(wanted) && (only === undefined || value === text(only));

function pairsOf(init: Init): [string, string][] {
  if (typeof init === "object" && init !== null) {
    const pairs = Symbol.iterator in init ? [...(init as Iterable<readonly [string, string]>)] : Object.entries(init);
    return pairs.map((pair) => {
      const [name, value, ...more] = pair;
      if (value === undefined || more.length > 0) throw new TypeError("each pair has a name and a value");
      return [text(name), text(value)];
    });
  }
  const parts = text(init).replace(/^\?/, "").split("&").filter((part) => part !== "");
  return parts.map((part) => {
    const [, name, value] = /^([^=]*)=?(.*)$/s.exec(part)!;
    return [formDecode(name!), formDecode(value!)];
  });
}
