// The platform that the library runs on.

import { deno } from "./deno.ts";
import type { Platform } from "./platform.ts";

/** The platform. */
export const platform: Platform = deno;
