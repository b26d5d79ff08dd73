// Secrets: those that the operator granted with `--secret`. A skill never sees a value: what these give are
// placeholders for headers, which the host replaces where a request goes to a place that the secret was granted for.

import * as host from "skep:skill/secrets@0.1.0";
import { asked } from "./asked";
import { Failed } from "./errors";

/** A placeholder for a secret, as in `Authorization: Bearer PLACEHOLDER`. It holds for this call alone. */
export const get = (name: string): string => asked(() => host.get(name), withheld);

/** A placeholder for what stands behind `Basic` in `Authorization: Basic PLACEHOLDER`. */
export const basic = (name: string, user: string): string => asked(() => host.getBasic(name, user), withheld);

const withheld = (error: host.Error): Failed => new Failed(error.val);
