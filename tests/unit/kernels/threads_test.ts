// Every kernel on tensors that are worth several threads: on WASM with one thread, with two and with three, which share rows
// unevenly, against the CPU's plain loops.

import type { KernelName } from "../../../lib/kernels/mod.ts";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { assertClose } from "../../support/close.ts";
import { onEachBackendWith, outputsOf } from "../../support/kernels.ts";
import { plainly } from "../../support/plainly.ts";
import { tolerance } from "../../support/tolerances.ts";
import { samplesOf } from "./sample_cases.ts";

const large = samplesOf(1003, 257);

for (const name of Object.keys(large) as KernelName[]) {
  onEachBackendWith([name], `${name} is the CPU's with 1, 2 and 3 threads`, async (backend) => {
    const expected = plainly(large[name]);
    try {
      for (const threads of [1, 2, 3]) {
        await useBackend(backend, { threads });
        const found = await outputsOf(backend, large[name], expected);
        found.forEach(({ values }, at) =>
          assertClose(
            values,
            expected[at]!.values,
            tolerance(backend, "kernel against the CPU's"),
            `output ${at} with ${threads} threads`,
          )
        );
      }
    } finally {
      await useBackend(backend);
    }
  }, ["wasm"]);
}
