// The platform that the library runs on. Builds for one runtime put that runtime's file in the place of this one.

import { platform as browser } from "./browser.ts";
import { platform as deno } from "./deno.ts";
import { platform as node } from "./node.ts";
import type { Platform } from "./platform.ts";

/** Bundlers may give a page an empty object of this name. */
const { process } = globalThis as { process?: { versions?: { node?: string } } };

function current(): Platform {
  if ("Deno" in globalThis) return deno;
  return process?.versions?.node === undefined ? browser : node;
}

/** The platform. */
export const platform: Platform = current();
