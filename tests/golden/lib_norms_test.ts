// The library's norms against PyTorch's, values and gradients, on every backend.

import { assertEquals } from "@std/assert";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { NormKind } from "../../lib/kernels/contract.ts";
import { normFunctions } from "../../lib/interpret/tensor_functions.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { pull, vectorOf } from "../support/evaluate.ts";
import { type Quantity, tolerance } from "../support/tolerances.ts";
import norms from "./norms.json" with { type: "json" };

for (const kind of ["layer", "rms", "crms"] satisfies NormKind[]) {
  onEachBackend(`normFunctions.${kind} is PyTorch's`, async (backend) => {
    const cases = norms.cases.filter((item) => item.kind === kind);
    assertEquals(cases.length, 9);
    for (const { shape, eps, center, ...item } of cases) {
      const { value, gradients } = await pull(
        (...[x, gain, bias]: Tensor[]) =>
          normFunctions[kind](x!, { gain: gain!, bias: bias!, eps }),
        [{ shape, values: item.x }, vectorOf(item.gain), vectorOf(item.bias)],
        item.dy,
      );
      const limit = (quantity: Quantity): number =>
        tolerance(backend, center === 0 ? quantity : "value at mean 1000");
      const where = `of ${kind}, [${shape}], eps ${eps}, center ${center}`;
      assertClose(value, item.value, limit("value"), `value ${where}`);
      for (const [index, name] of (["dx", "dGain", "dBias"] as const).entries()) {
        assertClose(gradients[index]!, item[name], limit("gradient"), `${name} ${where}`);
      }
    }
  });
}
