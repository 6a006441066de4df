// 3,000 random calls; `deno task fuzz:ops` tries 100,000.

import { assert, assertEquals } from "@std/assert";
import { backends } from "../support/backends.ts";
import { operationNames } from "./operation_cases.ts";
import { fuzzOperations } from "./operations_fuzz.ts";

for (const backend of backends) {
  Deno.test(`every operation and its gradients are float64's, over random calls [${backend}]`, async () => {
    const places = (["fused", "composed"] as const).map((kernels) => ({ backend, kernels }));
    const { cases, refused, casts, undecided } = await fuzzOperations(20250101, 1000, places);
    assertEquals(Object.keys(cases).length, operationNames.length, Object.keys(cases).join());
    assert(refused > 50 && casts > 50, `${refused} were refused, ${casts} had casts`);
    assert(undecided < 30, `${undecided} draws were left out`);
  });
}
