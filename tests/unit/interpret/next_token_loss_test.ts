// nextTokenLoss() against the reference's cross entropy.

import { assertThrows } from "@std/assert";
import { nextTokenLoss } from "../../../lib/interpret/next_token_loss.ts";
import { crossEntropy } from "../../reference/losses.ts";
import { assertClose } from "../../support/close.ts";
import { Store } from "../../support/described_layer.ts";

Deno.test("nextTokenLoss() is the cross entropy of what follows", () => {
  const rows = new Store(10).matrix(4, 6).map((row) => row.map((value) => 500 * value));
  const logits = { shape: [4, 6], values: Float64Array.from(rows.flat()) };
  const expected = crossEntropy(rows.slice(0, 3), [5, 1, 0]);
  assertClose([nextTokenLoss(logits, [2, 5, 1, 0])], [expected], 1e-13, "loss");
  assertThrows(() => nextTokenLoss(logits, [2, 5, 1]), RangeError, "Cannot score 3 tokens");
  assertThrows(() => nextTokenLoss(logits, [2, 5, 1, 6]), RangeError, "token = 6");
  const one = { shape: [1, 6], values: new Float64Array(6) };
  assertThrows(() => nextTokenLoss(one, [2]), RangeError, "at least two");
});
