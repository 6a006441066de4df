// The kernels of attention against float64: heads that share keys, odd widths, causal and not, windows, and sequences of which not all keys
// count.

import { assertEquals } from "@std/assert";
import type { AttentionAttributes } from "../../../lib/kernels/mod.ts";
import { compilesSlowly } from "../../support/backends.ts";
import type { Given } from "../../support/evaluate.ts";
import {
  assertKernel,
  floats,
  integers,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
  outputsOf,
} from "../../support/kernels.ts";
import type { Operand } from "../../support/kernel_oracles.ts";
import { plainly } from "../../support/plainly.ts";
import type { Quantity } from "../../support/tolerances.ts";

/** Sizes of a case: B, T, S, H, G, K. */
type Sizes = readonly [number, number, number, number, number, number];

/** What differs from plain causal attention. */
interface Options {
  readonly causal?: boolean;
  readonly window?: number;
  readonly counts?: readonly number[];
  readonly scale?: number;
  readonly spread?: number;
}

interface Cases {
  readonly forward: KernelCase;
  readonly gradient: KernelCase;
}

/** Both kernels on the same inputs; y and logSumExp of the gradient are the oracle's, rounded. */
function casesOf([batch, queries, keys, heads, groups, width]: Sizes, options: Options): Cases {
  const { causal = true, window = Infinity, counts, scale = width ** -0.5, spread = 1 } = options;
  const attributes: AttentionAttributes = { causal, window, scale, counted: counts !== undefined };
  const ofQueries = [batch, queries, heads, width];
  const ofKeys = [batch, keys, groups, width];
  const inputs: Operand[] = [
    floats(ofQueries, 1, { spread }),
    floats(ofKeys, 2, { spread }),
    floats(ofKeys, 3),
  ];
  const counted = counts === undefined ? [] : [integers(counts)];
  const forward = kernelCase("NormkitAttention", [...inputs, ...counted], attributes);
  const rounded = ({ shape, values }: Given): Given => ({
    shape,
    values: Float32Array.from(values),
  });
  return {
    forward,
    gradient: kernelCase(
      "NormkitAttentionGradient",
      [floats(ofQueries, 4), ...inputs, ...forward.expected().map(rounded), ...counted],
      attributes,
    ),
  };
}

const allSizes: readonly Sizes[] = [
  [1, 1, 1, 1, 1, 1],
  [1, 1, 9, 2, 1, 8],
  [2, 3, 3, 2, 2, 5],
  [1, 7, 12, 4, 2, 16],
  [2, 48, 48, 1, 1, 8],
  [1, 49, 97, 2, 1, 12],
  [2, 64, 64, 4, 4, 32],
  [1, 100, 301, 3, 1, 33],
  [1, 3, 200, 4, 2, 30],
  [1, 5, 200, 2, 2, 128],
];

/** A GPU compiles programs of its own for each width. */
const sizes = compilesSlowly ? allSizes.filter(([, , , , , width]) => width < 12) : allSizes;

/** Tests both kernels; the gradient makes probabilities again from their logarithms, unless the scores ask for more. */
function test(
  name: string,
  cases: readonly (readonly [Sizes, Options])[],
  quantities: readonly [forward: Quantity, gradient: Quantity] = ["kernel", "probability"],
): void {
  let built: readonly Cases[] | undefined;
  (["NormkitAttention", "NormkitAttentionGradient"] as const).forEach((kernel, at) =>
    onEachBackendWith([kernel], `${kernel} is the oracle's ${name}`, async (backend) => {
      built ??= cases.map(([size, options]) => casesOf(size, options));
      for (const { forward, gradient } of built) {
        await assertKernel(backend, at === 0 ? forward : gradient, quantities[at]!);
      }
    })
  );
}

test("under a causal mask, at every size", sizes.map((size) => [size, {}]));
test(
  "without a mask, with more keys than queries and fewer",
  [
    ...sizes,
    [2, 13, 4, 2, 1, 6] as const,
    [1, 130, 51, 1, 1, 8] as const,
  ].map((size) => [size, { causal: false }]),
);
test(
  "within a window",
  [1, 2, 5, 60, 1000].flatMap((window) => [
    [[2, 61, 61, 2, 1, 8], { window }],
    [[1, 20, 130, 2, 2, 5], { window }],
    [[1, 130, 130, 1, 1, 8], { window, causal: false }],
  ]),
);
test("of sequences of which not all keys count", [
  [[3, 5, 5, 2, 1, 8], { counts: [5, 1, 3] }],
  [[2, 100, 100, 2, 2, 6], { counts: [97, 20] }],
  [[2, 7, 110, 2, 1, 8], { counts: [98, 1], causal: false }],
]);
test("of scores of hundreds, which differ from block to block, and of a negative scale", [
  [[1, 70, 200, 2, 1, 8], { spread: 12, scale: 1 }],
  [[1, 70, 200, 2, 1, 8], { spread: 12, scale: 1, causal: false }],
  [[1, 9, 9, 2, 1, 8], { spread: 3, scale: -1 }],
], ["exp of hundreds", "exp of hundreds"]);

for (const [name, output] of [["NormkitAttention", 0], ["NormkitAttentionGradient", 0]] as const) {
  onEachBackendWith([name], `${name} gives 0 to a query that sees no key`, async (backend) => {
    const of = casesOf([2, 4, 4, 1, 1, 8], { counts: [0, 4] });
    const found = await outputsOf(backend, name === "NormkitAttention" ? of.forward : of.gradient);
    const first = Array.from(found[output]!.values).slice(0, 4 * 8);
    assertEquals(first, first.map(() => 0));
    const second = Array.from(found[output]!.values).slice(4 * 8);
    assertEquals(second.some((value) => value !== 0), true);
  });
}

onEachBackendWith(
  ["NormkitAttention", "NormkitAttentionGradient"],
  "NormkitAttentionGradient makes NaN of all that NaN reaches, and of no other sequence",
  async (backend) => {
    for (const width of [5, 8]) {
      const { gradient } = casesOf([2, 50, 50, 2, 1, width], { counts: [50, 49] });
      for (const damaged of [0, 1, 2, 3]) { // dy, q, k, v
        const inputs = gradient.inputs.map((input, at) => ({
          ...input,
          values: at === damaged ? Float32Array.from(input.values).fill(NaN, 1, 2) : input.values,
        }));
        const { attributes } = gradient;
        const of = (list: readonly Operand[]): KernelCase =>
          kernelCase("NormkitAttention", list, attributes as AttentionAttributes);
        const forward = await outputsOf(backend, of([...inputs.slice(1, 4), inputs[6]!]));
        const given = [...inputs.slice(0, 4), ...forward, inputs[6]!];
        const whole = kernelCase(
          "NormkitAttentionGradient",
          given,
          attributes as AttentionAttributes,
        );
        const found = await outputsOf(backend, whole);
        plainly(whole).forEach(({ values }, output) => {
          const numbers = Array.from(found[output]!.values);
          const lost = numbers.filter((number, at) =>
            Number.isNaN(values[at]) && !Number.isNaN(number)
          );
          assertEquals(lost, [], `output ${output}, NaN in input ${damaged}`);
          assertEquals(numbers.slice(numbers.length / 2).some(Number.isNaN), false);
        });
      }
    }
  },
);
