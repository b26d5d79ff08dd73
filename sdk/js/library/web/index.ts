// Globals of the web that QuickJS lacks and that need no host. A typed skill may import "skep/web" too.

import { structuredClone } from "./clone";
import { URLSearchParams } from "./search-params";
import { TextDecoder, TextEncoder } from "./text";
import { URL } from "./url";

Object.assign(globalThis, { TextDecoder, TextEncoder, URL, URLSearchParams, structuredClone });
