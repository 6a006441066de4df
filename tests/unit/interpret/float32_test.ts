// The float32 arithmetic on every backend: every operation against plain formulas, and nothing left behind, after errors either.

import { assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { float32 } from "../../../lib/interpret/float32.ts";
import { arithmeticCases, matrixIn } from "../../support/arithmetic_cases.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";

onEachBackend("float32() computes every operation", async (backend) => {
  for (const { name, compute, expected } of arithmeticCases) {
    await float32().scope(async (inner) => {
      const result = compute(inner);
      assertEquals(inner.size(result), [expected.length, expected[0]!.length], name);
      assertClose(await inner.read(result), expected.flat(), tolerance(backend, "value"), name);
    });
  }
});

const rows = [[1, 2], [3, 4]];

onEachBackend("float32() scopes free what they do not return", async () => {
  const outer = float32();
  const before = tf.memory().numTensors;
  const kept = await outer.scope(async (inner) => {
    const x = matrixIn(inner, rows);
    const y = await inner.scope((innermost) => Promise.resolve(innermost.add(x, x)));
    assertEquals(tf.memory().numTensors - before, 2, "x and y");
    return inner.scale(y, 2);
  });
  assertEquals(tf.memory().numTensors - before, 1);
  assertEquals(Array.from(await outer.read(kept)), [4, 8, 12, 16]);
  outer.free(kept);
});

onEachBackend("float32() scopes leave a matrix from outside where it is", async () => {
  const outer = float32();
  const x = matrixIn(outer, rows);
  const same = await outer.scope((inner) => inner.scope(() => Promise.resolve(x)));
  assertEquals(Array.from(await outer.read(same)), rows.flat());
  outer.free(x);
});

onEachBackend("float32() scopes free everything when an operation throws", async () => {
  await assertRejects(() =>
    float32().scope(async (inner) => {
      const x = matrixIn(inner, rows);
      await inner.scope((innermost) => {
        const y = innermost.scale(x, 2);
        return Promise.resolve(innermost.product(y, matrixIn(innermost, [[1, 2, 3]]), "in-out"));
      });
    })
  );
});
