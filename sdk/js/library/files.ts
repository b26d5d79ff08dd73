// The files and folders that were granted, by their absolute paths.

import { getDirectories } from "wasi:filesystem/preopens@0.2.12";
import type { Descriptor, DescriptorType, ErrorCode } from "wasi:filesystem/types@0.2.12";
import { asked } from "./asked";
import { Failed } from "./errors";
import { decode, encode } from "./web/text";

/** How much is read or written at once. */
const CHUNK_BYTES = 64 * 1024;

/** A file can't be used; `code` says why, as in `no-entry`, `access`, `read-only`. */
export class FileError extends Failed {
  override name = "FileError";
  constructor(readonly path: string, readonly code: ErrorCode) {
    super(`${path}: ${code}`);
  }
}

/** One entry of a folder. */
export interface Entry {
  name: string;
  kind: "file" | "directory" | "link" | "other";
}

/** The bytes of a file. */
export function read(path: string): Uint8Array {
  return opened(path, {}, { read: true }, (file) => {
    const chunks: Uint8Array[] = [];
    for (let at = 0, end = false; !end; ) {
      const [chunk, last] = file.read(CHUNK_BYTES, at);
      chunks.push(chunk);
      at += chunk.length;
      end = last || chunk.length === 0;
    }
    return joined(chunks);
  });
}

/** The text of a file in UTF-8. */
export function readText(path: string): string {
  return decode(read(path));
}

/** Writes a file, in place of what was there. Returns the number of bytes. */
export function write(path: string, data: Uint8Array | string): number {
  const bytes = typeof data === "string" ? encode(data) : data;
  return opened(path, { create: true, truncate: true }, { write: true }, (file) => {
    for (let at = 0; at < bytes.length; ) {
      at += file.write(bytes.subarray(at, at + CHUNK_BYTES), at);
    }
    return bytes.length;
  });
}

/** The entries of a folder, in the order of their names. */
export function list(path: string): Entry[] {
  return opened(path, { directory: true }, { read: true }, (folder) => {
    const stream = folder.readDirectory();
    const entries: Entry[] = [];
    for (let next = stream.readDirectoryEntry(); next; next = stream.readDirectoryEntry()) {
      entries.push({ name: next.name, kind: kindOf(next.type) });
    }
    stream[Symbol.dispose]();
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

type OpenFlags = { create?: boolean; directory?: boolean; truncate?: boolean };
type Access = { read?: boolean; write?: boolean };

function opened<T>(path: string, how: OpenFlags, access: Access, work: (file: Descriptor) => T): T {
  const roots = getDirectories();
  const openFlags = { create: false, directory: false, exclusive: false, truncate: false, ...how };
  const refused = (code: ErrorCode) => new FileError(path, code);
  try {
    return asked(() => {
      const [root, rest] = rootOf(path, roots);
      const file = root.openAt({ symlinkFollow: true }, rest, openFlags, flags(access));
      try {
        return work(file);
      } finally {
        file[Symbol.dispose]();
      }
    }, refused);
  } finally {
    for (const [root] of roots) root[Symbol.dispose]();
  }
}

function flags({ read = false, write = false }: Access) {
  const rest = { fileIntegritySync: false, dataIntegritySync: false, requestedWriteSync: false, mutateDirectory: false };
  return { read, write, ...rest };
}

/** The granted folder that holds the path, the deepest one, and the path from there. */
function rootOf(path: string, roots: [Descriptor, string][]): [Descriptor, string] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const clean = `/${parts.join("/")}`;
  const holds = ([, root]: [Descriptor, string]) => clean === root || clean.startsWith(root === "/" ? root : `${root}/`);
  const [best] = roots.filter(holds).sort((a, b) => b[1].length - a[1].length);
  if (!path.startsWith("/") || !best) throw new FileError(path, "no-entry");
  return [best[0], clean.slice(best[1].length).replace(/^\//, "") || "."];
}

function kindOf(type: DescriptorType): Entry["kind"] {
  if (type === "regular-file") return "file";
  if (type === "directory") return "directory";
  return type === "symbolic-link" ? "link" : "other";
}

function joined(chunks: Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
