import { assertAlmostEquals } from "@std/assert";
import { constantsTable, depthConstants } from "./constants.ts";

Deno.test("depthConstants() gives the table to 4 decimals", () => {
  for (const { depth, ...expected } of constantsTable) {
    const actual = depthConstants(depth, depth);
    for (const [name, value] of Object.entries(expected)) {
      const found = actual[name as keyof typeof actual];
      assertAlmostEquals(found, value, 5.001e-5, `${name} at depth ${depth}`);
    }
  }
});
