// URL: reading and changing the parts of a URL.

import { FRAGMENT, percentEncode, USERINFO } from "./percent";
import { URLSearchParams } from "./search-params";
import * as record from "./url-record";

export class URL {
  #parts: record.Parts;
  readonly searchParams: URLSearchParams;

  constructor(url: string | URL, base?: string | URL) {
    const above = base === undefined ? null : record.parse(String(base), null);
    const parts = base !== undefined && !above ? null : record.parse(String(url), above);
    if (!parts) throw new TypeError(`Invalid URL: ${url}`);
    this.#parts = parts;
    this.searchParams = URLSearchParams.of(parts.query ?? "", (query) => (this.#parts.query = query || null));
  }

  static canParse(url: string | URL, base?: string | URL): boolean {
    return URL.parse(url, base) !== null;
  }

  static parse(url: string | URL, base?: string | URL): URL | null {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }

  get href(): string {
    return record.write(this.#parts);
  }
  set href(href: string) {
    this.#parts = new URL(href).#parts;
    URLSearchParams.reset(this.searchParams, this.#parts.query ?? "");
  }

  get origin(): string {
    const { scheme, path } = this.#parts;
    if (scheme === "blob") return URL.parse(record.writePath(path))?.origin ?? "null";
    return record.isSpecial(scheme) && scheme !== "file" ? `${this.protocol}//${this.host}` : "null";
  }

  get protocol(): string {
    return `${this.#parts.scheme}:`;
  }
  set protocol(value: string) {
    const scheme = /^([a-z][a-z0-9+.-]*)(:|$)/i.exec(value)?.[1]?.toLowerCase();
    const was = this.#parts.scheme;
    if (!scheme || record.isSpecial(scheme) !== record.isSpecial(was)) return;
    if (scheme === "file" ? this.username || this.password || this.port : was === "file" && !this.host) return;
    this.#parts.scheme = scheme;
    this.#parts.port = record.parsePort(this.#parts.port, scheme) ?? "";
  }

  get username(): string {
    return this.#parts.username;
  }
  set username(value: string) {
    if (this.#mayHavePort()) this.#parts.username = percentEncode(value, USERINFO);
  }

  get password(): string {
    return this.#parts.password;
  }
  set password(value: string) {
    if (this.#mayHavePort()) this.#parts.password = percentEncode(value, USERINFO);
  }

  get host(): string {
    return this.hostname + (this.port && `:${this.port}`);
  }
  set host(value: string) {
    const where = this.#hostOf(value);
    if (where) Object.assign(this.#parts, where.port || value.includes(":") ? where : { host: where.host });
  }

  get hostname(): string {
    return this.#parts.host ?? "";
  }
  set hostname(value: string) {
    const where = /^[^:]*$|^\[[^\]]*\]$/.test(value) ? this.#hostOf(value) : null;
    if (where) this.#parts.host = where.host;
  }

  get port(): string {
    return this.#parts.port;
  }
  set port(value: string) {
    const digits = /^[0-9]*/.exec(String(value))![0];
    if (!this.#mayHavePort() || (digits === "" && value !== "")) return;
    this.#parts.port = record.parsePort(digits, this.#parts.scheme) ?? this.#parts.port;
  }

  get pathname(): string {
    return record.writePath(this.#parts.path);
  }
  set pathname(value: string) {
    const { path, scheme } = this.#parts;
    if (typeof path === "string") return;
    const start = record.isSpecial(scheme) ? /^[/\\]/ : /^\//;
    this.#parts.path = record.segments(value.replace(start, ""), scheme, []);
  }

  get search(): string {
    return this.#parts.query ? `?${this.#parts.query}` : "";
  }
  set search(value: string) {
    const query = value === "" ? null : value.replace(/^\?/, "");
    this.#parts.query = record.encodeQuery(query, this.#parts.scheme);
    URLSearchParams.reset(this.searchParams, query ?? "");
  }

  get hash(): string {
    return this.#parts.fragment ? `#${this.#parts.fragment}` : "";
  }
  set hash(value: string) {
    this.#parts.fragment = value === "" ? null : percentEncode(value.replace(/^#/, ""), FRAGMENT);
  }

  toString(): string {
    return this.href;
  }
  toJSON(): string {
    return this.href;
  }

  #mayHavePort(): boolean {
    return Boolean(this.#parts.host) && this.#parts.scheme !== "file";
  }

  #hostOf(value: string): { host: string; port: string } | null {
    const { path, scheme } = this.#parts;
    if (typeof path === "string") return null;
    const authority = value.split(record.isSpecial(scheme) ? /[/\\?#]/ : /[/?#]/)[0]!;
    try {
      return record.parseHostAndPort(authority, scheme);
    } catch {
      return null; // a setter leaves things as they were
    }
  }
}
