// The host of a URL: names, IPv4 and IPv6 addresses. Names beyond ASCII must come in their xn-- form.

import { NOTHING, percentDecode, percentEncode } from "./percent";
import { decode } from "./text";

const FORBIDDEN_HOST = /[\0\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_DOMAIN = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;

/** The host as URLs write it, or `null` if it is none. */
export function parseHost(text: string, isSpecial: boolean): string | null {
  if (text.startsWith("[")) {
    const pieces = text.endsWith("]") ? parseIpv6(text.slice(1, -1)) : null;
    return pieces && `[${writeIpv6(pieces)}]`;
  }
  if (!isSpecial) return FORBIDDEN_HOST.test(text) ? null : percentEncode(text, NOTHING);
  const domain = decode(percentDecode(text)).toLowerCase();
  if (/[^\0-\x7f]/.test(domain)) throw new TypeError(`the host ${domain} isn't ASCII: write it in its xn-- form`);
  if (domain === "" || FORBIDDEN_DOMAIN.test(domain)) return null;
  return endsInNumber(domain) ? parseIpv4(domain) : domain;
}

function endsInNumber(domain: string): boolean {
  const last = domain.replace(/\.$/, "").split(".").at(-1)!;
  return /^([0-9]+|0x[0-9a-f]*)$/.test(last);
}

function parseIpv4(text: string): string | null {
  const parts = text.replace(/\.$/, "").split(".").map(ipv4Number);
  const last = parts.pop()!;
  if (parts.length > 3 || parts.some((part) => !(part <= 255)) || !(last < 256 ** (4 - parts.length))) return null;
  const address = parts.reduce((sum, part, at) => sum + part * 256 ** (3 - at), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Decimal, octal after `0`, hexadecimal after `0x`; NaN if it is none. */
function ipv4Number(text: string): number {
  if (/^0x[0-9a-f]*$/.test(text)) return text === "0x" ? 0 : parseInt(text, 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = [halves[0]!, halves[1] ?? ""].map((half) => (half === "" ? [] : ipv6Pieces(half)));
  // Before a gap there is no IPv4 address.
  if (!head || !tail || (halves.length === 2 && halves[0]!.includes("."))) return null;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  return [...head, ...new Array<number>(gap).fill(0), ...tail];
}

function ipv6Pieces(text: string): number[] | null {
  const parts = text.split(":");
  const pieces: number[] = [];
  for (const [at, part] of parts.entries()) {
    const dotted = at === parts.length - 1 && /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part);
    if (dotted) {
      const bytes = dotted.slice(1).map(Number);
      if (dotted.slice(1).some((byte) => Number(byte) > 255 || /^0\d/.test(byte))) return null;
      pieces.push(bytes[0]! * 256 + bytes[1]!, bytes[2]! * 256 + bytes[3]!);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) pieces.push(parseInt(part, 16));
    else return null;
  }
  return pieces;
}

/** The first longest run of two zeros or more is left out. */
function writeIpv6(pieces: number[]): string {
  const text = pieces.map((piece) => piece.toString(16)).join(":");
  const runs = [...text.matchAll(/(?<![0-9a-f])0(?::0(?![0-9a-f]))+/g)].map((match) => match[0]);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (longest === "") return text;
  const at = text.search(new RegExp(`(?<![0-9a-f])${longest}(?![0-9a-f])`));
  return `${text.slice(0, at).replace(/:$/, "")}::${text.slice(at + longest.length).replace(/^:/, "")}`;
}
