// Percent-encoding as the URL standard has it, and application/x-www-form-urlencoded on top.

import { decode, encode } from "./text";

const set = (characters: string) => new Set(characters);

/** Which ASCII characters are encoded, part of a URL by part; control characters and all beyond ASCII always are. */
export const FRAGMENT = set(' "<>`');
export const QUERY = set(' "#<>');
export const SPECIAL_QUERY = set(" \"#<>'");
export const PATH = set(' "#<>?^`{}');
export const USERINFO = set(' "#<>?^`{}/:;=@[\\]|');
export const NOTHING = set("");

/** Text with these characters percent-encoded. */
export function percentEncode(text: string, characters: Set<string>): string {
  let encoded = "";
  for (const character of text) {
    const isPlain = character >= " " && character <= "~" && !characters.has(character);
    encoded += isPlain ? character : escaped(character);
  }
  return encoded;
}

/** The bytes of a text whose percent-encoded bytes are decoded. */
export function percentDecode(text: string): Uint8Array {
  const bytes = encode(text);
  const decoded = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const hex = bytes[at] === 0x25 ? String.fromCharCode(...bytes.subarray(at + 1, at + 3)) : "";
    const isEncoded = /^[0-9a-f]{2}$/i.test(hex);
    decoded[length++] = isEncoded ? parseInt(hex, 16) : bytes[at]!;
    if (isEncoded) at += 2;
  }
  return decoded.subarray(0, length);
}

/** `a b&c` as `a+b%26c`. */
export function formEncode(text: string): string {
  const encode = (character: string) => (character === " " ? "+" : escaped(character));
  return text.replace(/[^A-Za-z0-9*._-]/gu, encode);
}

/** `a+b%26c` as `a b&c`. */
export function formDecode(text: string): string {
  return decode(percentDecode(text.replaceAll("+", " ")));
}

const escaped = (character: string) =>
  Array.from(encode(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
