// Sampling from a known distribution: temperature, the k most likely tokens, and the nucleus.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../../lib/core/mod.ts";
import { makeSampler, type SamplingOptions } from "../../../lib/decoder/sampling.ts";

const shares = [0.1, 0.4, 0.05, 0.3, 0.15];
const logits = shares.map(Math.log);
const draws = 20_000;

/** How often each token is drawn, as a share. */
function drawn(options: SamplingOptions): number[] {
  const [sample, random] = [makeSampler(options, shares.length), new Random(1)];
  const counts = shares.map(() => 0);
  for (let i = 0; i < draws; i++) counts[sample(logits, random)]! += 1;
  return counts.map((count) => count / draws);
}

/** Requires shares of a distribution, to five standard deviations. */
function assertShares(found: readonly number[], weights: readonly number[]): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [token, weight] of weights.entries()) {
    const share = weight / total;
    const allowed = 5 * Math.sqrt(share * (1 - share) / draws);
    assert(Math.abs(found[token]! - share) <= allowed, `${token}: ${found[token]}, not ${share}`);
  }
}

Deno.test("makeSampler() draws from the softmax of logits over temperature", () => {
  assertShares(drawn({}), shares);
  assertShares(drawn({ temperature: 0.5 }), shares.map((share) => share ** 2));
  assertShares(drawn({ temperature: 0 }), [0, 1, 0, 0, 0]);
});

Deno.test("makeSampler() keeps to the k most likely tokens, and to the nucleus", () => {
  assertShares(drawn({ topK: 2 }), [0, 0.4, 0, 0.3, 0]);
  assertShares(drawn({ topP: 0.4 }), [0, 1, 0, 0, 0]);
  assertShares(drawn({ topP: 0.41 }), [0, 0.4, 0, 0.3, 0]);
  assertShares(drawn({ topP: 0.8 }), [0, 0.4, 0, 0.3, 0.15]);
  assertShares(drawn({ topP: 0.99 }), shares);
  // the nucleus is of what the k most likely leave: 0.4 of 0.7 is 0.57
  assertShares(drawn({ topK: 2, topP: 0.5 }), [0, 1, 0, 0, 0]);
  assertShares(drawn({ topK: 2, topP: 0.6 }), [0, 0.4, 0, 0.3, 0]);
});

Deno.test("makeSampler() refuses what is out of range", () => {
  const wrong: readonly (readonly [SamplingOptions, string])[] = [
    [{ temperature: -1 }, "temperature = -1"],
    [{ topK: 0 }, "topK = 0"],
    [{ topK: 1.5 }, "topK = 1.5"],
    [{ topP: 0 }, "topP = 0"],
    [{ topP: 1.1 }, "topP = 1.1"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => makeSampler(options, 5), RangeError, message);
  }
  assertEquals(makeSampler({ topK: 99 }, 5)(logits, new Random(0)) < 5, true);
});
