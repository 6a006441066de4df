// The version of the package.

import config from "../../deno.json" with { type: "json" };

/** The version of normkit. */
export const version: string = config.version;
