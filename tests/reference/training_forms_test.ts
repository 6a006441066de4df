import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { differences } from "./differences.ts";
import { adamWStart, type AdamWState, adamWStep, clipGlobalNorm } from "./optimizers.ts";
import { uniform } from "./random.ts";
import { mapRows, mean, type Rows, sum } from "./rows.ts";
import {
  directGradient,
  type Example,
  type FormName,
  formOf,
  type LossAndGradient,
  masterGradient,
  type Parameters,
  toyParameters,
} from "./training_forms.ts";

const sizes = { vocabulary: 7, context: 5, width: 6, hidden: 8, depth: 2, tied: false };
const untied = toyParameters(sizes, 1);
const tied = toyParameters({ ...sizes, tied: true }, 2);
const example: Example = { ids: [3, 1, 4, 1, 5], targets: [1, 4, 1, 5, 2] };

/** Masks of inverted dropout at rate 0.4, of any width. */
function masksOf(width: number): Parameters {
  const next = uniform(3);
  const sites = ["embed", "blocks.1.attention", "blocks.1.feedForward", "blocks.2.attention"];
  return Object.fromEntries(
    [...sites, "blocks.2.feedForward"].map((site) => [
      site,
      example.ids.map(() => Array.from({ length: width }, () => next() < -0.2 ? 0 : 1 / 0.6)),
    ]),
  );
}
const dropped: Example = { ...example, masks: masksOf(sizes.width) };

const flat = (parameters: Parameters): number[] => Object.values(parameters).flat(2);

/** Numbers in the order of {@linkcode flat}, as parameters again. */
function filled(shape: Parameters, numbers: ArrayLike<number>): Parameters {
  let at = 0;
  return Object.fromEntries(
    Object.entries(shape).map(([name, rows]) => [name, mapRows(rows, () => numbers[at++]!)]),
  );
}

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
const apart = (a: Rows, b: Rows): number =>
  largest(a.flat().map((value, i) => value - b.flat()[i]!));

for (const [head, theta] of [["untied", untied], ["tied", tied]] as const) {
  Deno.test(`masterGradient() of each form agrees with central differences, ${head} head`, () => {
    const small = { vocabulary: 4, context: 3, width: 4, hidden: 3, depth: 1 };
    const theta = toyParameters({ ...small, tied: head === "tied" }, 4);
    const example: Example = { ids: [3, 0, 3], targets: [0, 3, 1] };
    for (const form of ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"] satisfies FormName[]) {
      const expected = differences(
        (point) => masterGradient(form, filled(theta, point), example).loss,
        flat(theta),
      );
      assertClose(flat(masterGradient(form, theta, example).gradient), expected, form);
    }
  });

  Deno.test(`masterGradient() is the same in the three forms, ${head} head`, () => {
    const expected = masterGradient("pre-ln", theta, example);
    for (const form of ["pre-rmsnorm", "pre-crmsnorm"] satisfies FormName[]) {
      const found = masterGradient(form, theta, example);
      assertClose(found.logits.flat(), expected.logits.flat(), `logits of ${form}`, 1e-12);
      for (const [name, rows] of Object.entries(expected.gradient)) {
        assertClose(found.gradient[name]!.flat(), rows.flat(), `${form}, ${name}`, 1e-12);
      }
    }
  });

  Deno.test(`masterGradient() with dropout is the same where the dropped output is centered again, ${head} head`, () => {
    const expected = masterGradient("pre-ln", theta, dropped);
    assertGreater(apart(expected.logits, masterGradient("pre-ln", theta, example).logits), 1e-1);
    for (const form of ["pre-rmsnorm, centered again", "pre-crmsnorm, centered again"] as const) {
      const found = masterGradient(form, theta, dropped);
      assertClose(found.logits.flat(), expected.logits.flat(), `logits of ${form}`, 1e-12);
      for (const [name, rows] of Object.entries(expected.gradient)) {
        assertClose(found.gradient[name]!.flat(), rows.flat(), `${form}, ${name}`, 1e-12);
      }
    }
  });
}

Deno.test("masterGradient() shows centering over the wrong axis, without dropout at all", () => {
  const expected = masterGradient("pre-ln", untied, example).logits;
  assertGreater(apart(masterGradient("wrong axis", untied, example).logits, expected), 1e-1);
});

Deno.test("masterGradient() shows each wrong handling of dropout", () => {
  const expected = masterGradient("pre-ln", untied, dropped).logits;
  // centered weights, dropout, centered again; and the same without the last step
  for (const form of ["centered, dropped, centered again", "pre-rmsnorm"] satisfies FormName[]) {
    assertGreater(apart(masterGradient(form, untied, dropped).logits, expected), 1e-1, form);
  }
  // dropout on the d − 1 compressed values: another noise
  const narrow = { ...example, masks: mapMasks(dropped.masks!, (row) => row.slice(0, -1)) };
  const compressed = masterGradient("pre-crmsnorm", untied, narrow).logits;
  assertGreater(apart(compressed, expected), 1e-1, "compressed");
});

function mapMasks(masks: Parameters, f: (row: readonly number[]) => number[]): Parameters {
  return Object.fromEntries(Object.entries(masks).map(([name, rows]) => [name, rows.map(f)]));
}

Deno.test("gradients of what writes to the stream have mean 0 in Pre-LN, and φ's are those before centering", () => {
  const theta = masterGradient("pre-ln", untied, example).gradient;
  const phi = directGradient("pre-rmsnorm", formOf("pre-rmsnorm", untied), example).gradient;
  for (const name of ["wte", "wpe", "blocks.1.attention.wo", "blocks.2.feedForward.b2"]) {
    assertLess(largest(theta[name]!.map(sum)), 1e-14, name);
    assertGreater(largest(phi[name]!.map(sum)), 1e-3, name);
    const centered = phi[name]!.map((row) => row.map((value) => value - mean(row)));
    assertClose(centered.flat(), theta[name]!.flat(), name, 1e-12);
  }
});

const settings = { learningRate: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-8, weightDecay: 0.1 };

/** The losses of 50 clipped AdamW steps, with decay of every parameter. */
function losses(start: Parameters, gradient: (at: Parameters) => LossAndGradient): number[] {
  let state: AdamWState = adamWStart(flat(start));
  let clips = 0;
  const seen = Array.from({ length: 50 }, () => {
    const found = gradient(filled(start, state.parameters));
    const { clipped, norm } = clipGlobalNorm([flat(found.gradient)], 0.5);
    if (norm > 0.5) clips++;
    state = adamWStep(state, clipped[0]!, settings);
    return found.loss;
  });
  assert(clips > 0, "the limit acts");
  return seen;
}

Deno.test("50 AdamW steps with decay and clipping follow Pre-LN where θ is trained, and not where φ is", () => {
  const expected = losses(untied, (at) => masterGradient("pre-ln", at, example));
  assertEquals(expected.length, 50);
  assertLess(expected.at(-1)!, 0.5 * expected[0]!);
  for (const form of ["pre-rmsnorm", "pre-crmsnorm"] satisfies FormName[]) {
    const master = losses(untied, (at) => masterGradient(form, at, example));
    assertClose(master, expected, `θ as ${form}`, 1e-10);
    const direct = losses(formOf(form, untied), (at) => directGradient(form, at, example));
    assertClose(direct.slice(0, 1), expected.slice(0, 1), `φ as ${form}, at the start`, 1e-12);
    const distance = largest(direct.map((loss, step) => loss - expected[step]!));
    assertGreater(distance, 1e-2, `φ as ${form}`);
  }
});
