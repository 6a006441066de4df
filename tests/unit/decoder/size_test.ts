// A decoder's size from its configuration, against the matrices that there are.

import { assertEquals } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { completeConfig, type DecoderConfig } from "../../../lib/decoder/config.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { matrixNumbers } from "../../../lib/decoder/size.ts";
import { onBackend } from "../../support/backends.ts";

const config: DecoderConfig = {
  vocabulary: 11,
  context: 7,
  width: 6,
  depth: 3,
  heads: 1,
  hidden: 10,
};

for (
  const change of [
    {},
    { tied: true },
    { positions: "rotary" },
    { activation: "swiglu", bias: false },
    { residual: "sub-ln+gpas" },
  ] as const
) {
  Deno.test(`matrixNumbers() counts the matrices of ${JSON.stringify(change)}`, () =>
    onBackend("cpu", () => {
      const whole = { ...config, ...change };
      const parameters = initDecoder(whole, 0);
      const matrices = tensorsOf(parameters).filter(({ value }) => value.rank === 2);
      const numbers = matrices.reduce((sum, { value }) => sum + value.size, 0);
      assertEquals(matrixNumbers(completeConfig(whole)), numbers);
      disposeTree(parameters);
    }));
}
