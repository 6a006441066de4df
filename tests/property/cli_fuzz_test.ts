// 150 random command lines; `deno task fuzz:cli` tries 3,000. They run in a process of their own, as each runs in its own folder.

import { assert, assertEquals } from "@std/assert";
import { inCheckout, runScript } from "../support/script.ts";
import { commands } from "../../lib/cli/commands.ts";
import type { FuzzReport } from "./cli_fuzz.ts";
import { values } from "./cli_words.ts";

Deno.test("random command lines know words for every option", () => {
  const places = ["out", "from", "text", "tokens"]; // words of the folder that a line runs in
  const without = [...commands].flatMap(([command, { options }]) =>
    Object.entries(options)
      .filter(([name, { type }]) => type === "string" && !Object.hasOwn(values, name))
      .filter(([name]) => !places.includes(name))
      .map(([name]) => `--${name} of ${command}`)
  );
  assertEquals(without, []);
});

Deno.test("normkit answers 150 random command lines in order, and leaves nothing behind", async () => {
  const { out, err } = await runScript(
    `import { fuzz } from ${inCheckout("tests/property/cli_fuzz.ts")};
console.log(JSON.stringify(await fuzz(20260101, 150)));`,
  );
  assertEquals(err, "");
  const { codes, faults } = JSON.parse(out) as FuzzReport;
  assertEquals(faults, []);
  const seen = new Set(Object.values(codes).flatMap((own) => Object.keys(own)));
  for (const code of ["0", "2", "3"]) assert(seen.has(code), `no line ended with ${code}`);
  assert(Object.keys(codes).length >= 7, "every command must be tried");
});
