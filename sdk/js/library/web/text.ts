// Text and bytes: TextEncoder and TextDecoder, for UTF-8.

const LABELS = ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"];
/** How many bytes become a string at once: arguments live on the stack. */
const RUN_BYTES_MAX = 4096;

/** Text as UTF-8; half a surrogate pair becomes U+FFFD. */
export function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  return bytes.slice(0, encodeInto(text, bytes).written);
}

/** UTF-8 as text; what is none becomes U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
  let [read, at] = [0, 0];
  for (const character of text) {
    let point = character.codePointAt(0)!;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (at + size > into.length) break;
    if (size === 1) into[at] = point;
    else {
      for (let i = size - 1; i > 0; i--, point >>= 6) into[at + i] = 0x80 | (point & 0x3f);
      into[at] = ((0xf00 >> size) & 0xff) | point;
    }
    at += size;
    read += character.length;
  }
  return { read, written: at };
}

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }
  encode(text = ""): Uint8Array {
    return encode(String(text));
  }
  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    return encodeInto(String(text), into);
  }
}

/** A character whose bytes have not all come: its bits, how many more it needs, what the next may be. */
interface Partial {
  point: number;
  needed: number;
  lower: number;
  upper: number;
}

const NONE: Partial = { point: 0, needed: 0, lower: 0x80, upper: 0xbf };

export class TextDecoder {
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #partial = NONE;
  #begun = false;

  constructor(label = "utf-8", options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
    if (!LABELS.includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`TextDecoder knows UTF-8 only, not ${label}`);
    }
    this.fatal = Boolean(options.fatal);
    this.ignoreBOM = Boolean(options.ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  decode(input: BufferSource = new Uint8Array(), options: { stream?: boolean } = {}): string {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const plain = this.#partial === NONE ? asciiAt(bytes, at) : at;
      if (plain > at) text += String.fromCharCode(...bytes.subarray(at, plain));
      at = plain;
      if (at < bytes.length) {
        const [read, taken] = this.#read(bytes[at]!);
        text += read;
        at += taken;
      }
    }
    if (!options.stream && this.#partial !== NONE) text += this.#broken();
    return this.#withoutMark(text, Boolean(options.stream));
  }

  /** Reads a byte that is not plain: the text that it ends, and whether it was taken. */
  #read(byte: number): [text: string, taken: 0 | 1] {
    const { point, needed, lower, upper } = this.#partial;
    if (needed === 0) {
      if (byte < 0x80) return [String.fromCharCode(byte), 1];
      this.#partial = begin(byte) ?? NONE;
      return this.#partial === NONE ? [this.#broken(), 1] : ["", 1];
    }
    if (byte < lower || byte > upper) return [this.#broken(), 0]; // this byte may begin a character
    const bits = (point << 6) | (byte & 0x3f);
    this.#partial = needed === 1 ? NONE : { ...NONE, point: bits, needed: needed - 1 };
    return [needed === 1 ? String.fromCodePoint(bits) : "", 1];
  }

  /** The first character of a text may be a byte order mark. */
  #withoutMark(text: string, goesOn: boolean): string {
    const isFirst = !this.#begun && text !== "";
    this.#begun = goesOn && (this.#begun || text !== "");
    return isFirst && !this.ignoreBOM && text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  #broken(): string {
    this.#partial = NONE;
    if (!this.fatal) return "\ufffd";
    this.#begun = false;
    throw new TypeError("the bytes are not UTF-8");
  }
}

/** Where a run of ASCII ends, which is where it begins if there is none. */
function asciiAt(bytes: Uint8Array, from: number): number {
  const most = Math.min(bytes.length, from + RUN_BYTES_MAX);
  let at = from;
  while (at < most && bytes[at]! < 0x80) at++;
  return at;
}

/** What a first byte promises; none if no character begins with it. */
function begin(byte: number): Partial | undefined {
  if (byte >= 0xc2 && byte <= 0xdf) return { ...NONE, point: byte & 0x1f, needed: 1 };
  if (byte >= 0xe0 && byte <= 0xef) {
    // No overlong forms, no surrogates.
    return { point: byte & 0xf, needed: 2, lower: byte === 0xe0 ? 0xa0 : 0x80, upper: byte === 0xed ? 0x9f : 0xbf };
  }
  if (byte >= 0xf0 && byte <= 0xf4) {
    // No overlong forms, nothing past U+10FFFF.
    return { point: byte & 7, needed: 3, lower: byte === 0xf0 ? 0x90 : 0x80, upper: byte === 0xf4 ? 0x8f : 0xbf };
  }
  return undefined;
}
