import { assertAlmostEquals, assertEquals } from "@std/assert";
import { assertClose } from "../reference/assert_close.ts";
import { ctc } from "../reference/ctc.ts";
import { crossEntropy, crossEntropyGrad } from "../reference/losses.ts";
import { norm, normGrad, type NormKind } from "../reference/norms.ts";
import { adamWStart, adamWStep, clipGlobalNorm, sgdStep } from "../reference/optimizers.ts";
import golden from "./decoder.json" with { type: "json" };
import losses from "./losses.json" with { type: "json" };
import norms from "./norms.json" with { type: "json" };
import training from "./training.json" with { type: "json" };

const tolerance = 1e-9;

/** A flat array cut into rows of that width. */
function rowsOf(flat: readonly number[], width: number): number[][] {
  return Array.from(
    { length: flat.length / width },
    (_, row) => flat.slice(row * width, (row + 1) * width),
  );
}

for (const kind of ["layer", "rms", "crms"] satisfies NormKind[]) {
  Deno.test(`norm() and normGrad() of ${kind} are PyTorch's to 1e-9`, () => {
    const cases = norms.cases.filter((item) => item.kind === kind);
    assertEquals(cases.length, 9);
    for (const { shape, eps, center, ...item } of cases) {
      const where = `${kind} of [${shape}], eps ${eps}, center ${center}`;
      const x = rowsOf(item.x, item.gain.length);
      const options = { gain: item.gain, bias: item.bias, eps };
      const value = x.map((row) => norm(kind, row, options));
      assertClose(value.flat(), item.value, `value of ${where}`, tolerance);
      const { dx, dGain, dBias } = normGrad(kind, x, rowsOf(item.dy, item.gain.length), options);
      assertClose(dx.flat(), item.dx, `dx of ${where}`, tolerance);
      assertClose(dGain, item.dGain, `dGain of ${where}`, tolerance);
      assertClose(dBias, item.dBias, `dBias of ${where}`, tolerance);
    }
  });
}

Deno.test("crossEntropy() and its gradient are PyTorch's to 1e-9", () => {
  const { shape, logits, targets, loss, dLogits } = training.crossEntropy;
  const rows = rowsOf(logits, shape[1] as number);
  assertAlmostEquals(crossEntropy(rows, targets), loss, tolerance);
  assertClose(crossEntropyGrad(rows, targets).flat(), dLogits, "dLogits", tolerance);
});

Deno.test("crossEntropy() leaves rows out and smooths labels as PyTorch does, to 1e-9", () => {
  for (const { options, shape, logits, labels, loss, dLogits } of losses.crossEntropy) {
    const rows = rowsOf(logits, shape[1]!);
    assertAlmostEquals(crossEntropy(rows, labels, options), loss, tolerance);
    assertClose(crossEntropyGrad(rows, labels, options).flat(), dLogits, "dLogits", tolerance);
  }
});

Deno.test("ctc() and its gradient are PyTorch's to 1e-9", () => {
  for (const { options, shape, logits, labels, loss, dLogits } of losses.ctc) {
    const [, frames, classes] = shape as [number, number, number];
    const batch = rowsOf(logits, frames * classes).map((row) => rowsOf(row, classes));
    const found = ctc(batch, labels, options);
    assertAlmostEquals(found.loss, loss, tolerance);
    assertClose(found.gradient.flat(2), dLogits, "dLogits", tolerance);
  }
});

Deno.test("adamWStep() is PyTorch's AdamW to 1e-9 over four steps", () => {
  let state = adamWStart(training.start);
  training.gradients.forEach((gradient, index) => {
    state = adamWStep(state, gradient, training.adamW.settings);
    const expected = training.adamW.after[index] as number[];
    assertClose(state.parameters, expected, `step ${index + 1}`, tolerance);
  });
});

Deno.test("sgdStep() is PyTorch's SGD to 1e-9 over four steps", () => {
  let parameters = training.start;
  training.gradients.forEach((gradient, index) => {
    parameters = sgdStep(parameters, gradient, training.sgd.settings.learningRate);
    const expected = training.sgd.after[index] as number[];
    assertClose(parameters, expected, `step ${index + 1}`, tolerance);
  });
});

for (const model of golden.models) {
  Deno.test(`decoder.json's ${model.name} model is consistent with the oracles`, () => {
    const logits = rowsOf(model.logits.values, model.config.vocabulary);
    assertAlmostEquals(crossEntropy(logits, model.targets.flat()), model.loss, tolerance);
    assertAlmostEquals(model.training.losses[0] as number, model.loss, 1e-12);
    const { norm } = clipGlobalNorm(Object.values(model.gradients), model.training.settings.clip);
    assertAlmostEquals(norm, model.training.gradientNorms[0] as number, tolerance);
    const counts = Object.entries(model.parameters).map(([name, { shape, values }]) => {
      assertEquals(values.length, shape.reduce((product, length) => product * length, 1), name);
      return [name, values.length];
    });
    for (const flat of [model.gradients, model.training.final]) {
      assertEquals(Object.entries(flat).map(([name, values]) => [name, values.length]), counts);
    }
  });
}
