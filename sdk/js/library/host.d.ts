// What the host serves, as componentize-qjs hands it to modules: results are values or thrown errors.

interface Resource {
  [Symbol.dispose](): void;
}

declare module "skep-project" {}

declare module "skep:skill/context@0.1.0" {
  export function callId(): string;
  export function attempt(): number;
  export function deadline(): number;
  export function caller(): string[];
  export function idempotencyKey(): string | null;
  export function session(): string | null;
  export function progress(done: number, total: number | null, message: string | null): void;
  export function cancelled(): boolean;
}

declare module "skep:skill/secrets@0.1.0" {
  export interface Error {
    tag: "denied" | "not-set" | "unavailable";
    val: string;
  }
  export function get(name: string): string;
  export function getBasic(name: string, user: string): string;
}

declare module "skep:skill/skills@0.1.0" {
  export interface Fault {
    code: string;
    message: string;
  }
  export interface ToolInfo {
    name: string;
    description: string;
    inputSchema: string;
    outputSchema: string | null;
  }
  export interface SkillInfo {
    name: string;
    version: string;
    description: string;
    capabilities: string[];
    tools: ToolInfo[];
  }
  export function call(skill: string, tool: string | null, input: string): string;
  export function find(capability: string): SkillInfo[];
}

declare module "skep:skill/state@0.1.0" {
  import type { Bucket } from "wasi:keyvalue/store@0.2.0-draft";
  export function compareAndSet(
    bucket: Bucket,
    key: string,
    expected: Uint8Array | null,
    value: Uint8Array | null,
  ): boolean;
}

declare module "wasi:keyvalue/store@0.2.0-draft" {
  export type Error = { tag: "no-such-store" } | { tag: "access-denied" } | { tag: "other"; val: string };
  export interface KeyResponse {
    keys: string[];
    cursor: number | null;
  }
  export interface Bucket extends Resource {
    get(key: string): Uint8Array | null;
    set(key: string, value: Uint8Array): void;
    delete(key: string): void;
    exists(key: string): boolean;
    listKeys(cursor: number | null): KeyResponse;
  }
  export function open(identifier: string): Bucket;
}

declare module "wasi:keyvalue/atomics@0.2.0-draft" {
  import type { Bucket } from "wasi:keyvalue/store@0.2.0-draft";
  export function increment(bucket: Bucket, key: string, delta: number): number;
}

declare module "wasi:config/store@0.2.0-rc.1" {
  export interface Error {
    tag: "upstream" | "io";
    val: string;
  }
  export function get(key: string): string | null;
  export function getAll(): [string, string][];
}

declare module "wasi:logging/logging@0.1.0-draft" {
  export type Level = "trace" | "debug" | "info" | "warn" | "error" | "critical";
  export function log(level: Level, context: string, message: string): void;
}

declare module "wasi:random/random@0.2.12" {
  export function getRandomBytes(length: number): Uint8Array;
}

declare module "wasi:cli/environment@0.2.12" {
  export function getEnvironment(): [string, string][];
}

declare module "wasi:cli/stdout@0.2.12" {
  export interface OutputStream extends Resource {
    blockingWriteAndFlush(bytes: Uint8Array): void;
  }
  export function getStdout(): OutputStream;
}

declare module "wasi:clocks/monotonic-clock@0.2.12" {
  export interface Pollable extends Resource {
    block(): void;
  }
  export function subscribeDuration(nanoseconds: number): Pollable;
}

declare module "wasi:filesystem/preopens@0.2.12" {
  import type { Descriptor } from "wasi:filesystem/types@0.2.12";
  export function getDirectories(): [Descriptor, string][];
}

declare module "wasi:filesystem/types@0.2.12" {
  export type ErrorCode = string;
  export type DescriptorType =
    | "unknown"
    | "block-device"
    | "character-device"
    | "directory"
    | "fifo"
    | "symbolic-link"
    | "regular-file"
    | "socket";
  export interface DirectoryEntryStream extends Resource {
    readDirectoryEntry(): { type: DescriptorType; name: string } | null;
  }
  export interface Descriptor extends Resource {
    read(length: number, offset: number): [Uint8Array, boolean];
    write(bytes: Uint8Array, offset: number): number;
    readDirectory(): DirectoryEntryStream;
    openAt(pathFlags: object, path: string, openFlags: object, flags: object): Descriptor;
  }
}
