// The laboratory without a browser: choices in addresses, what a run has shown, and its charts.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { completeConfig } from "../../../../lib/decoder/config.ts";
import { findResidual, residuals } from "../../../../lib/residual/mod.ts";
import { queryOf, readExperiment } from "../../../../lib/workshop/web/laboratory/address.ts";
import { chartsOf, numbersOf, stylesOf } from "../../../../lib/workshop/web/laboratory/charts.ts";
import {
  type Choice,
  designChoices,
  type Experiment,
  initialExperiment,
  sharedChoices,
} from "../../../../lib/workshop/web/laboratory/choices.ts";
import { after, newRun, type Run } from "../../../../lib/workshop/web/laboratory/run.ts";
import { settingsOf } from "../../../../lib/workshop/web/laboratory/trial.ts";

const initial = initialExperiment(false);

/** Any allowed value of a choice. */
function values(choice: Choice): fc.Arbitrary<string | number> {
  if (choice.kind === "word") return fc.constantFrom(...Object.keys(choice.words));
  const { min, max } = choice;
  return choice.kind === "whole" ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
}

const allOf = (choices: Readonly<Record<string, Choice>>) =>
  fc.record(Object.fromEntries(Object.entries(choices).map(([name, one]) => [name, values(one)])));

const experiments = fc.record({
  designs: fc.tuple(allOf(designChoices), allOf(designChoices)),
  shared: allOf(sharedChoices),
}) as unknown as fc.Arbitrary<Experiment>;

Deno.test("an experiment comes back from its address", () => {
  fc.assert(fc.property(experiments, (experiment) => {
    const { experiment: back, complaints } = readExperiment(queryOf(experiment), initial);
    assertEquals([back, complaints], [experiment, []]);
  }));
});

Deno.test("any text is an address: what cannot be used gets a sentence, the rest is taken", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const { experiment } = readExperiment(text, initial);
    assertEquals(Object.keys(experiment.designs[1]), Object.keys(designChoices));
  }));
  const { experiment, complaints } = readExperiment(
    "?depth=3,65&rate=1e-3&norm=layer,rms,crms&warmup=2.5&steps=10&x=1",
    initial,
  );
  assertEquals(experiment.designs.map(({ depth, rate }) => [depth, rate]), [[3, 1e-3], [6, 1e-3]]);
  assertEquals(experiment.shared.steps, 10);
  const starts = ["depth of design B = 65", "norm", "warmup = 2.5", '"x"'];
  assertEquals(complaints.length, starts.length, complaints.join("\n"));
  starts.forEach((start, at) => assertStringIncludes(complaints[at]!, `Cannot use ${start}`));
});

Deno.test("a small device begins with a small model", () => {
  assertEquals(initialExperiment(true).shared.size, "small");
  assertEquals(initialExperiment(false).shared.size, "medium");
});

Deno.test("every variant of the library can be chosen, and every choice is one that it takes", () => {
  assertEquals(
    Object.keys(designChoices.variant.words).toSorted(),
    residuals.map(({ id }) => id).toSorted(),
  );
  for (const size of Object.keys(sharedChoices.size.words)) {
    for (const norm of Object.keys(designChoices.norm.words)) {
      const design = { ...initial.designs[0], norm, gpas: "yes" };
      const { model } = settingsOf(design, { ...initial.shared, size });
      const { residual, ...rest } = model;
      completeConfig({ ...rest, vocabulary: 3, residual: findResidual(residual!) });
    }
  }
});

/** A run that has shown losses, and variances and gradients at its last step. */
function runOf(
  style: Run["style"],
  losses: readonly number[],
  value: number,
): Run {
  let run = after(newRun(initial.designs[0], style), {
    kind: "begun",
    device: "here",
    vocabulary: 80,
  });
  losses.forEach((loss, at) => {
    const row = { kind: "step", step: at + 1, loss };
    run = after(run, { kind: "row", row, milliseconds: 5 });
  });
  for (const kind of ["variance", "gradient"]) {
    for (const layer of [1, 2]) {
      const row = { kind, step: losses.length, layer, value };
      run = after(run, { kind: "row", row, milliseconds: 5 });
    }
  }
  return run;
}

Deno.test("the charts of two designs have one axis, and show what can be shown", () => {
  const [a, b] = stylesOf(initial);
  const runs = [runOf(a, [4, 3, 2], 2), runOf(b, [4, 3.5, 3], 1)] as const;
  const { loss, variance } = chartsOf(runs, { ...initial.shared, steps: 10 }, 500);
  assertStringIncludes(loss!.description, "At step 3 design A is 1 nats ahead of B");
  assert(loss!.svg.includes(a.color) && loss!.svg.includes(b.color));
  assertStringIncludes(loss!.svg, ">10</text>"); // the axis ends with the run, not with what was made of it
  assertStringIncludes(variance!.description, "B: Post-LN: 1");
  assertEquals(numbersOf(runs[0])["Time of a step"], "5 ms");
});

Deno.test("a design that diverges leaves the other one its chart", () => {
  const [a, b] = stylesOf(initial);
  for (const wild of [NaN, Infinity, 1e30]) {
    for (const value of [0, NaN, -1, Infinity]) {
      const runs = [runOf(a, [4, wild, wild], value), runOf(b, [4, 3.5, 3], 1)] as const;
      const { loss, gradient } = chartsOf(runs, initial.shared, 400);
      assertStringIncludes(loss!.description, wild === 1e30 ? "off the chart" : "not finite");
      assert(!gradient!.svg.includes("A: Pre-LN"));
    }
  }
  const nothing = [newRun(initial.designs[0], a), newRun(initial.designs[1], b)] as const;
  assertEquals(Object.values(chartsOf(nothing, initial.shared, 400)), [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("designs of one variant are told apart by what differs", () => {
  const { experiment } = readExperiment("variant=pre-ln&norm=layer,rms&depth=3,4", initial);
  const [a, b] = stylesOf(experiment);
  assertEquals([a.label, b.label], ["A: Pre-LN, layer, 3 layers", "B: Pre-LN, rms, 4 layers"]);
  assert(a.color !== b.color && a.marker !== b.marker);
});
