// What a skill may know of the call that it serves.

import * as host from "skep:skill/context@0.1.0";

/** The id of this call, as in the logs and the audit. */
export const callId = (): string => host.callId();

/** 1 on the first attempt, one more for each retry. */
export const attempt = (): number => host.attempt();

/** When the call ends, done or not. */
export const deadline = (): Date => new Date(host.deadline());

/** Milliseconds until the deadline. */
export const remaining = (): number => host.deadline() - Date.now();

/** Who asked, the origin first: `operator:local`, `key:4f1c`, `skill:csv-report`. */
export const caller = (): string[] => host.caller();

/** The caller's key for this piece of work, the same in every attempt, if it gave one. */
export const idempotencyKey = (): string | null => host.idempotencyKey();

/** The session that this call belongs to, if the skill keeps sessions. */
export const session = (): string | null => host.session();

/** Tells the caller how far the work is: units done, units in all if known, a word to show. */
export function progress(done: number, total?: number, message?: string): void {
  host.progress(done, total ?? null, message ?? null);
}

/** Whether the caller has gone away; a skill that asks may stop early. */
export const cancelled = (): boolean => host.cancelled();
