// The notebooks' checks are tried: with each fault that is written into a copy of the library at least one must turn red. This takes
// an hour, so it is no part of the usual suite: deno test -A tests/mutations/notebooks.ts; with --filter one fault alone.
// Variable MUTATIONS_ALL=1: notebooks that are not said to see a fault are asked as well.

import { assert } from "@std/assert";
import { basename } from "node:path";
import { checkout } from "../../lib/workshop/checkout.ts";
import { listNotebooks } from "../../lib/workshop/notebooks.ts";
import { copyOfCheckout } from "../support/checkout_copy.ts";
import { breakCheckout, redCheck } from "./apply.ts";
import { mutations } from "./mutations.ts";

const all = (await listNotebooks(`${checkout}/notebooks`)).map((path) =>
  basename(path).slice(0, 2)
);
const others = Deno.env.get("MUTATIONS_ALL") === undefined ? [] : all;

for (const mutation of mutations) {
  Deno.test(`a check sees that ${mutation.name}`, async () => {
    await using copy = await copyOfCheckout("broken");
    await using _fault = await breakCheckout(copy.path, mutation);
    const red = await redCheck(copy.path, [...new Set([...mutation.seenBy, ...others])]);
    assert(red !== undefined, "all checks are green");
    console.log(red);
  });
}
