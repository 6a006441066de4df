// The version of the package: a literal, so that no file is read for it; a test compares it with deno.json.

/** The version of normkit. */
export const version: string = "0.1.0";
