// Every fault of the mutation test can still be written into the library, and one of them is: a check of a notebook turns red.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { checkout } from "../../lib/workshop/checkout.ts";
import { copyOfCheckout } from "../support/checkout_copy.ts";
import { breakCheckout, edited, redCheck } from "./apply.ts";
import { mutations } from "./mutations.ts";

Deno.test("each fault changes a text that stands in its file once", async () => {
  for (const { edits } of mutations) {
    for (const edit of edits) {
      edited(await Deno.readTextFile(`${checkout}/${edit.file}`), edit);
    }
  }
  const edit = { file: "a.ts", find: "1 + 1", replace: "2" };
  assertThrows(() => edited("1 − 1", edit), RangeError, 'a.ts: "1 + 1" stands there not');
  assertThrows(() => edited("1 + 1, 1 + 1", edit), RangeError, "more than once");
});

Deno.test("faults have names of their own", () => {
  assertEquals(new Set(mutations.map(({ name }) => name)).size, mutations.length);
});

Deno.test("a check sees GPAS with the other sign, and the copy is mended", async () => {
  const mutation = mutations.find(({ name }) => name === "GPAS adds what it is to take away")!;
  await using copy = await copyOfCheckout("broken");
  const file = `${copy.path}/${mutation.edits[0]!.file}`;
  const whole = await Deno.readTextFile(file);
  {
    await using _fault = await breakCheckout(copy.path, mutation);
    assertMatch((await redCheck(copy.path, ["00"]))!, /^00_\w+: ✗ GPAS scales by/);
  }
  assertEquals(await Deno.readTextFile(file), whole);
});
