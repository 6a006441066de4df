// attention() and the rotation of its heads: values, gradients and bad input, fused and composed.

import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { attention, type AttentionOptions, rotary } from "../../../lib/ops/mod.ts";
import { inBothForms } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { type Given, numbersOf, pull, tensorOf } from "../../support/evaluate.ts";
import { oracles } from "../../support/kernel_oracles.ts";
import { floats, integers } from "../../support/kernels.ts";
import { tolerance } from "../../support/tolerances.ts";

const cases: readonly (readonly [string, AttentionOptions])[] = [
  ["all keys", {}],
  ["a causal mask", { causal: true, scale: 0.9 }],
  ["a window", { causal: true, window: 3 }],
  ["a window to both sides", { window: 2 }],
  ["lengths", { keyLengths: [9, 4] }],
  ["lengths, a mask and a window that hides all from some", {
    causal: true,
    window: 2,
    keyLengths: [3, 9],
  }],
];

for (const [name, options] of cases) {
  inBothForms(`attention() with ${name} is the oracle's, with its gradients`, async (backend) => {
    const inputs: Given[] = [
      floats([2, 7, 4, 6], 1),
      floats([2, 9, 2, 6], 2),
      floats([2, 9, 2, 6], 3),
    ];
    const dy = floats([2, 7, 4, 6], 4);
    const { scale = 6 ** -0.5, causal = false, window = Infinity, keyLengths } = options;
    const attributes = { scale, causal, window, counted: keyLengths !== undefined };
    const counts = keyLengths === undefined ? [] : [integers(keyLengths)];
    const [y, sums] = oracles.NormkitAttention([...inputs, ...counts], attributes);
    const gradients = oracles.NormkitAttentionGradient(
      [dy, ...inputs, y!, sums!, ...counts],
      attributes,
    );
    const found = await pull((q, k, v) => attention(q!, k!, v!, options), inputs, dy.values);
    assertClose(found.value, y!.values, tolerance(backend, "value"), "value");
    gradients.forEach(({ values }, at) =>
      assertClose(found.gradients[at]!, values, tolerance(backend, "gradient"), `gradient ${at}`)
    );
  });
}

inBothForms("attention() refuses shapes, windows and lengths that do not fit", () => {
  const call = (
    shapes: readonly (readonly number[])[],
    options: AttentionOptions = {},
  ) =>
  () => {
    tf.tidy(() => {
      const [q, k, v] = shapes.map((shape) => tf.ones([...shape]));
      attention(q!, k!, v!, options);
    });
  };
  const [q, k] = [[2, 3, 4, 5], [2, 3, 2, 5]];
  for (
    const wrong of [
      [[3, 4, 5], k, k],
      [q, k, [2, 4, 2, 5]],
      [q, [1, 3, 2, 5], [1, 3, 2, 5]],
      [q, [2, 3, 3, 5], [2, 3, 3, 5]],
      [q, [2, 3, 2, 6], [2, 3, 2, 6]],
    ]
  ) {
    assertThrows(call(wrong), RangeError, "they must be [B, T, H, K] and twice [B, S, G, K]");
  }
  const short = [2, 2, 2, 5];
  const few = "from 3 queries to 2 keys: there must be as many keys, or more";
  assertThrows(call([q, short, short], { causal: true }), RangeError, few);
  assertThrows(call([q, k, k], { window: 0 }), RangeError, "window = 0");
  assertThrows(call([q, k, k], { keyLengths: [3] }), RangeError, "1 lengths for 2 sequences");
  assertThrows(call([q, k, k], { keyLengths: [3, 4] }), RangeError, "length of a sequence = 4");
  assertThrows(call([q, k, k], { scale: NaN }), RangeError, "scale = NaN");
});

inBothForms("rotary() turns heads side by side as it turns each alone", async (backend) => {
  const x = floats([2, 5, 18], 7); // three heads of six numbers
  const options = { width: 4, order: "pairs", first: 2 } as const;
  const [together, alone] = await numbersOf(() => {
    const perHead = tf.transpose(tf.reshape(tensorOf(x), [2, 5, 3, 6]), [0, 2, 1, 3]);
    const turned = tf.transpose(rotary(perHead, options), [0, 2, 1, 3]);
    return [rotary(tensorOf(x), { ...options, heads: 3 }), turned];
  });
  assertClose(together!, alone!, tolerance(backend, "equal formulas"), "heads");
  assertEquals(together!.length, 180);
  assertThrows(
    () => tf.tidy(() => rotary(tensorOf(x), { heads: 4 })),
    RangeError,
    "4 heads in rows of 18: it must be a multiple",
  );
});
