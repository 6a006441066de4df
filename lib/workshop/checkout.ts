// Where the checkout lies, in which the tasks of deno.json run.

import { resolve } from "node:path";

/** The checkout's folder, as a path of this system and not a piece of a URL, where a space is `%20`. */
export const checkout: string = resolve(import.meta.dirname!, "../..");
