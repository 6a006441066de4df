// The page of errors: every class has a cause and a remedy, and the page is what the docstrings say.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { formatted } from "../../../lib/workshop/formatted.ts";
import { errorClassesIn, errorPage, libraryFiles } from "../../../lib/workshop/guides.ts";

Deno.test("every exported class of errors says what it means, its cause and its remedy", async () => {
  const classes = [...await libraryFiles()].flatMap(([file, text]) => errorClassesIn(file, text));
  const lacking = classes.filter((one) => [one.meaning, one.cause, one.remedy].includes(""));
  assertEquals(lacking.map(({ name }) => name), []);
  const text = [...(await libraryFiles()).values()].join("\n");
  const exported = [...text.matchAll(/^export class (\w+Error)\b/gm)].map(([, name]) => name!);
  assert(exported.length >= 12, `${exported}`);
  assertEquals(classes.map(({ name }) => name).sort(), exported.sort());
});

Deno.test("notebooks/guides/errors.md is what deno task guides writes", async () => {
  const page = await formatted(errorPage(await libraryFiles()), "md", checkout);
  assertEquals(await Deno.readTextFile(`${checkout}/notebooks/guides/errors.md`), page);
});

Deno.test("errorPage() takes the parts of a docstring, and the public functions that throw the class", () => {
  const text = `/**
 * It broke.
 *
 * Cause: a hammer,
 * or two.
 * Remedy: glue.
 */
export class BrokenError extends TypeError {
}
/** @throws {BrokenError} If so. */
export function strike(): void {
}
/** @throws {BrokenError} If so. */
export function hidden(): void {
}
`;
  const page = errorPage(new Map([["lib/a/a.ts", text], ["lib/a/mod.ts", "export { strike };"]]));
  assertStringIncludes(
    page,
    "It broke. It extends `TypeError`. Thrown by `strike()`.",
  );
  assertStringIncludes(page, "- **Cause:** a hammer, or two.\n- **Remedy:** glue.\n");
});
