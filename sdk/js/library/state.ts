// What a skill remembers between calls, in two buckets of its own.

import * as swap from "skep:skill/state@0.1.0";
import * as atomics from "wasi:keyvalue/atomics@0.2.0-draft";
import * as store from "wasi:keyvalue/store@0.2.0-draft";
import { asked } from "./asked";
import { callId } from "./context";
import { Failed } from "./errors";
import { decode, encode } from "./web/text";

/** Values by key: bytes, or text in UTF-8. */
export class Bucket {
  constructor(readonly name: string) {}

  /** The value of a key, or `null`. */
  get(key: string): Uint8Array | null {
    return this.#with((it) => it.get(key));
  }

  /** The value of a key as text, or `null`. */
  getText(key: string): string | null {
    const value = this.get(key);
    return value && decode(value);
  }

  /** Sets a key to a value. */
  set(key: string, value: Uint8Array | string): void {
    this.#with((it) => it.set(key, bytes(value)));
  }

  /** Forgets a key, if there is one. */
  delete(key: string): void {
    this.#with((it) => it.delete(key));
  }

  /** Whether there is a key. */
  has(key: string): boolean {
    return this.#with((it) => it.exists(key));
  }

  /** All keys, in no order. */
  *keys(): Generator<string> {
    let cursor: number | null = null;
    do {
      const page: store.KeyResponse = this.#with((it) => it.listKeys(cursor));
      yield* page.keys;
      cursor = page.cursor;
    } while (cursor !== null);
  }

  /** Adds to a number, 0 if there was none, in one step; returns the sum, exact up to 2^53. */
  increment(key: string, delta = 1): number {
    return this.#with((it) => atomics.increment(it, key, delta));
  }

  /** Sets a key to a value if it is as expected, and says whether it was. `null` is no value. */
  compareAndSet(key: string, expected: Uint8Array | string | null, value: Uint8Array | string | null): boolean {
    const [before, after] = [expected, value].map((it) => (it === null ? null : bytes(it)));
    return this.#with((it) => swap.compareAndSet(it, key, before!, after!));
  }

  /**
   * Makes an effect once for a key, such as `context.idempotencyKey()`; returns what it came to, ever after.
   *
   * What it comes to must be JSON. `effect` is told whether an earlier call began it and never said what it came
   * to, because its host died: then only the other side knows whether it was made, so ask there before you make
   * it again. An effect that throws was not made, and may be tried again.
   */
  async once<T>(key: string, effect: (begun: boolean) => T | Promise<T>): Promise<T> {
    const place = `once/${key}`;
    const own = JSON.stringify({ begun: callId() });
    let before: string | null;
    do {
      before = this.getText(place);
      const mark = before === null ? {} : JSON.parse(before);
      if ("done" in mark) return mark.done;
    } while (!this.compareAndSet(place, before, own));
    let made: T;
    try {
      made = await effect(before !== null);
    } catch (error) {
      this.compareAndSet(place, own, before);
      throw error;
    }
    this.set(place, JSON.stringify({ done: made }));
    return made;
  }

  /** Opens the bucket anew for each operation: a handle doesn't outlive a call. */
  #with<T>(work: (bucket: store.Bucket) => T): T {
    const refused = (error: store.Error) => new Failed(`state ${this.name}: ${reason(error)}`);
    return asked(() => {
      const opened = store.open(this.name);
      try {
        return work(opened);
      } finally {
        opened[Symbol.dispose]();
      }
    }, refused);
  }
}

/** Fast, and may be lost. */
export const hot = new Bucket("hot");

/** Kept in the host's database. */
export const durable = new Bucket("durable");

const bytes = (value: Uint8Array | string): Uint8Array => (typeof value === "string" ? encode(value) : value);

function reason(error: store.Error): string {
  if (error.tag === "no-such-store") return "there is no such bucket, only hot and durable";
  return error.tag === "other" ? error.val : "access denied";
}
