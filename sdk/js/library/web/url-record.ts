// Parsing and writing URLs by the URL standard, without drive letters and without names beyond ASCII.

import { parseHost } from "./host";
import { FRAGMENT, NOTHING, PATH, percentEncode, QUERY, SPECIAL_QUERY, USERINFO } from "./percent";

/** The default ports of the schemes that browsers know. */
const PORTS: Record<string, string> = { http: "80", https: "443", ws: "80", wss: "443", ftp: "21", file: "" };

/** The parts of a URL. */
export interface Parts {
  scheme: string;
  username: string;
  password: string;
  host: string | null;
  port: string;
  /** Segments, or the text of an opaque path (`mailto:ann@example.com`). */
  path: string[] | string;
  query: string | null;
  fragment: string | null;
}

/** Whether the scheme is one of those that browsers know. */
export const isSpecial = (scheme: string): boolean => scheme in PORTS;

/** The parts of a URL, or `null` if it is none. */
export function parse(input: string, base: Parts | null): Parts | null {
  const text = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
  const [beforeFragment, fragment] = cut(text, "#");
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(beforeFragment)?.[1]?.toLowerCase();
  const parts = scheme
    ? parseAbsolute(scheme, beforeFragment.slice(scheme.length + 1), base)
    : base && parseRelative(beforeFragment, base);
  return parts && { ...parts, fragment: fragment === null ? null : percentEncode(fragment, FRAGMENT) };
}

/** The text before a mark and, if there is the mark, what comes after. */
function cut(text: string, mark: string): [string, string | null] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

function parseAbsolute(scheme: string, rest: string, base: Parts | null): Parts | null {
  if (isSpecial(scheme)) {
    const mayBeRelative = base?.scheme === scheme && !/^[/\\]/.test(rest);
    if (mayBeRelative) return parseRelative(rest, base);
    if (scheme === "file") return parseRelative(rest, base?.scheme === "file" ? base : blank("file"));
    return parseAuthority(scheme, rest.replace(/^[/\\]+/, ""));
  }
  if (rest.startsWith("//")) return parseAuthority(scheme, rest.slice(2));
  const [before, query] = cut(rest, "?");
  const path = before.startsWith("/") ? segments(before.slice(1), scheme, []) : percentEncode(before, NOTHING);
  return { ...blank(scheme), host: null, path, query: encodeQuery(query, scheme) };
}

const blank = (scheme: string): Parts => ({
  scheme,
  username: "",
  password: "",
  host: "",
  port: "",
  path: [],
  query: null,
  fragment: null,
});

function parseRelative(text: string, base: Parts): Parts | null {
  if (typeof base.path === "string") return text === "" ? base : null;
  const plain = isSpecial(base.scheme) ? text.replace(/^[^?]*/, (path) => path.replaceAll("\\", "/")) : text;
  if (plain.startsWith("//")) return parseAuthority(base.scheme, plain.slice(2));
  const [before, query] = cut(plain, "?");
  const encoded = encodeQuery(query, base.scheme);
  if (before.startsWith("/")) return { ...base, path: segments(before.slice(1), base.scheme, []), query: encoded };
  if (before === "") return { ...base, query: query === null ? base.query : encoded };
  return { ...base, path: segments(before, base.scheme, base.path.slice(0, -1)), query: encoded };
}

function parseAuthority(scheme: string, rest: string): Parts | null {
  const end = rest.search(isSpecial(scheme) ? /[/\\?]/ : /[/?]/);
  const [authority, after] = end < 0 ? [rest, ""] : [rest.slice(0, end), rest.slice(end)];
  const at = authority.lastIndexOf("@");
  const [username, password] = at < 0 ? ["", ""] : cut(authority.slice(0, at), ":");
  const where = parseHostAndPort(authority.slice(at + 1), scheme);
  // Credentials need a host, and files have neither them nor ports.
  if (!where || (at >= 0 && where.host === "") || (scheme === "file" && (at >= 0 || where.port !== ""))) return null;
  const [path, query] = cut(after, "?");
  return {
    ...blank(scheme),
    ...where,
    username: percentEncode(username, USERINFO),
    password: percentEncode(password ?? "", USERINFO),
    path: path === "" && !isSpecial(scheme) ? [] : segments(path.slice(1), scheme, []),
    query: encodeQuery(query, scheme),
  };
}

/** `example.com:8080` taken apart; no port if it is the scheme's own. */
export function parseHostAndPort(text: string, scheme: string): { host: string; port: string } | null {
  const [, name, , digits] = /^(\[[^\]]*\]|[^:]*)(:(.*))?$/s.exec(text) ?? [];
  if (name === undefined) return null;
  const port = parsePort(digits ?? "", scheme);
  const isEmpty = name === "" && (scheme === "file" || !isSpecial(scheme));
  if (isEmpty) return digits === undefined ? { host: "", port: "" } : null;
  const host = parseHost(name, isSpecial(scheme));
  if (host === null || port === null) return null;
  return { host: scheme === "file" && host === "localhost" ? "" : host, port };
}

/** The port as URLs write it, empty if it is the scheme's own, or `null` if it is none. */
export function parsePort(digits: string, scheme: string): string | null {
  if (digits === "") return "";
  if (!/^[0-9]+$/.test(digits) || Number(digits) > 65535) return null;
  const port = String(Number(digits));
  return port === PORTS[scheme] ? "" : port;
}

/** The segments of a path on top of those that it is relative to. */
export function segments(text: string, scheme: string, above: readonly string[]): string[] {
  const path = [...above];
  const parts = text.split(isSpecial(scheme) ? /[/\\]/ : "/");
  for (const [at, part] of parts.entries()) {
    const dots = part.replace(/%2e/gi, ".");
    const isLast = at === parts.length - 1;
    if (dots === "..") path.pop();
    if (dots !== "." && dots !== "..") path.push(percentEncode(part, PATH));
    else if (isLast) path.push("");
  }
  return path;
}

/** A query as URLs write it. */
export function encodeQuery(query: string | null, scheme: string): string | null {
  return query === null ? null : percentEncode(query, isSpecial(scheme) ? SPECIAL_QUERY : QUERY);
}

/** A path as URLs write it. */
export function writePath(path: Parts["path"]): string {
  return typeof path === "string" ? path : path.map((segment) => `/${segment}`).join("");
}

/** A URL from its parts. */
export function write(parts: Parts): string {
  const { scheme, username, password, host, port, path, query, fragment } = parts;
  const credentials = username || password ? `${username}${password && `:${password}`}@` : "";
  // Without it, the path of a URL that has no host would be taken for one.
  const guard = typeof path !== "string" && path.length > 1 && path[0] === "" ? "/." : "";
  const authority = host === null ? guard : `//${credentials}${host}${port && `:${port}`}`;
  const after = (query === null ? "" : `?${query}`) + (fragment === null ? "" : `#${fragment}`);
  return `${scheme}:${authority}${writePath(path)}${after}`;
}
