// Switches of backends: what was made before can be used or is refused by name, and calls at the same time are served in turn.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readAll } from "../../../lib/backend/mod.ts";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { crossEntropy, matMul, rmsNorm } from "../../../lib/ops/mod.ts";
import { backends } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { fillMemory } from "../../support/full_memory.ts";
import { tolerance } from "../../support/tolerances.ts";

const numbers = [[1, 2, 3, 4], [5, 6, 7, 9]];

/** Tensors as they may be when a backend is left: never used, computed there, and computed and read. */
const states = {
  "fresh": () => [tf.tensor2d(numbers), tf.tensor1d([1, 0], "int32")],
  "computed": () =>
    tf.tidy(() => [tf.mul(tf.tensor2d(numbers), 1), tf.reverse(tf.tensor1d([0, 1], "int32"))]),
  "read": async () => {
    const made = states.computed();
    await readAll(made);
    return made;
  },
};

/** What operations, ours and tfjs's, make of the tensors. */
function results([x, ids]: tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => [
    rmsNorm(x!),
    matMul(x!, tf.transpose(x!)),
    crossEntropy(x!, new Int32Array([0, 1])),
    tf.gather(x!, ids as tf.Tensor1D),
    tf.add(x!, 1),
  ]);
}

for (const kernels of ["fused", "composed"] as const) {
  for (const before of backends) {
    for (const after of backends.filter((other) => other !== before)) {
      Deno.test(`tensors of ${before} are used, or refused by name, on ${after} [${kernels}]`, async () => {
        await useBackend("cpu", { kernels });
        const given = states.fresh();
        const reference = results(given);
        const expected = await readAll(reference);
        tf.dispose([given, reference]);
        const count = tf.memory().numTensors;
        for (const [state, make] of Object.entries(states)) {
          await useBackend(before, { kernels });
          const tensors = await make();
          await useBackend(after, { kernels });
          if (before === "webgpu" && state === "computed") {
            assertThrows(() => results(tensors), TypeError, "that is on the webgpu backend");
            assertThrows(() => tensors[0]!.dataSync(), TypeError, "await tensor.data()");
            await readAll(tensors); // then it can be used, as the error says
          }
          const found = results(tensors);
          (await readAll(found)).forEach((values, at) =>
            assertClose(values, expected[at]!, tolerance(after, "kernel"), `${state}, result ${at}`)
          );
          assertEquals(Array.from((await readAll(tensors))[0]!), numbers.flat());
          tf.dispose([tensors, found]);
        }
        assertEquals(tf.memory().numTensors, count);
      });
    }
  }
}

/** Casts whose numbers tfjs leaves as they were, on some backends. */
const casts = [["int32", "float32"], ["bool", "float32"], ["bool", "int32"]] as const;

for (const before of backends) {
  for (const after of backends.filter((other) => other !== before)) {
    Deno.test(`casts of ${before} are what they say on ${after}, or refused while others share them`, async () => {
      for (const [from, to] of casts) {
        await useBackend(before);
        const count = tf.memory().numTensors;
        const x = tf.tensor1d([1, 0, 1, 1, 1], from);
        const y = tf.tidy(() => tf.reshape(tf.cast(x, to), [5, 1]));
        await readAll([y]);
        const values = async (): Promise<number[]> => {
          const sum = tf.tidy(() => tf.cast(tf.add(y, tf.scalar(0, to)), "float32"));
          const [numbers] = await readAll([sum]);
          sum.dispose();
          return [...numbers!];
        };
        await useBackend(after);
        if (after === "wasm") {
          await assertRejects(values, TypeError, "share since a cast on another backend");
          assertEquals([...(await readAll([y]))[0]!], [1, 0, 1, 1, 1], "where it was");
        }
        x.dispose();
        assertEquals(await values(), [1, 0, 1, 1, 1], `${from} as ${to}`);
        y.dispose();
        assertEquals(tf.memory().numTensors, count);
      }
    });
  }
}

Deno.test("a tensor that finds no room on WASM stays where it was", async () => {
  await useBackend("wasm");
  await useBackend("cpu");
  const x = tf.fill([64, 64], 7);
  await useBackend("wasm");
  {
    using _filled = fillMemory();
    assertThrows(() => rmsNorm(x), Error, "Cannot allocate 16384 bytes");
    assertEquals((await readAll([x]))[0], new Float32Array(4096).fill(7));
  }
  const y = tf.sum(x);
  assertEquals(Array.from((await readAll([y]))[0]!), [7 * 4096]);
  tf.dispose([x, y]);
});

Deno.test("useBackend() called many times at once is served in turn, and each answer is true", async () => {
  const names = [...backends, ...backends.toReversed(), "cpu", "wasm"] as const;
  const used: string[] = [];
  const choices = await Promise.all(names.map(async (name) => {
    const choice = await useBackend(name, {
      kernels: used.length % 2 === 0 ? "fused" : "composed",
    });
    used.push(tf.getBackend());
    return choice.name;
  }));
  assertEquals(choices, [...names]);
  assertEquals(used, [...names], "the backend in use when each answer came");
  const refused = useBackend("wasm", { kernels: "none" as "fused" });
  const served = useBackend("cpu");
  await assertRejects(() => refused, RangeError);
  assertEquals((await served).name, "cpu");
});
