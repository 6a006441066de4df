// What conversions act on, and what they refuse with a reason.

import { assertEquals, assertThrows } from "@std/assert";
import { requireFinalNorms, requirePlain } from "../../../lib/convert/preconditions.ts";
import { preLn, type StreamWiring } from "../../../lib/residual/mod.ts";
import { layerNormNames, openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";

Deno.test("requirePlain() and requireFinalNorms() accept what is Pre-LN and can be centered", async () => {
  for (const name of layerNormNames) {
    using model = await openGolden(name);
    requirePlain(model);
    requireFinalNorms(model);
  }
});

const behind =
  "Cannot convert this normkit model: its norms stand behind the additions (Post-LN), so that the stream itself is " +
  "normalized and what writes to it cannot be centered once and for all";
const scaled =
  "Cannot convert this normkit model: its stream is scaled (GPAS, LNS, DeepNorm): fold it first";

const raw =
  "Cannot convert this normkit model: its branches read the stream without a norm (Res-Post-Norm), and so see its mean and " +
  "its size";

const refusals: Readonly<Record<string, string>> = {
  "res-post-norm": raw,
  "res-post-norm+gpas": raw,
  "post-ln": behind,
  "post-ln+gpas": behind,
  "deep-norm": behind,
  "mix-ln": behind,
  "pre-ln+gpas": scaled,
  "lns": scaled,
  "lns+gpas": scaled,
};

for (const [residual, refusal] of Object.entries(refusals)) {
  Deno.test(`requirePlain() refuses ${residual} with the reason`, () => {
    const model = normkitModel({ ...small, depth: 4, residual });
    assertEquals(assertThrows(() => requirePlain(model), RangeError).message, refusal);
  });
}

Deno.test("requirePlain() accepts Pre-LN, LNS as gains, and Mix-LN of so few layers that all are Pre-LN", () => {
  for (const residual of ["pre-ln", "lns-gain", "mix-ln"]) {
    requirePlain(normkitModel({ ...small, residual }));
  }
});

Deno.test("requirePlain() refuses a constant on the shortcut alone", () => {
  const model = normkitModel(small);
  const { decoder } = model.spec.stacks;
  const wiring: StreamWiring = {
    norms: ["input"],
    gate: "sum",
    update: ({ add, scale }, x, f, n) => add(scale(2, x), f(n.input(x))),
  };
  const residual = { ...preLn, id: "doubled", wiring: () => wiring };
  const stacks = { decoder: { ...decoder!, residual } };
  const spec = { ...model.spec, stacks };
  const { message } = assertThrows(() => requirePlain({ ...model, spec }), RangeError);
  assertEquals(message, scaled);
});

Deno.test("requireFinalNorms() refuses a model without one", () => {
  const model = normkitModel({ ...small, ends: [] });
  const { message } = assertThrows(() => requireFinalNorms(model), RangeError);
  assertEquals(
    message,
    "Cannot center this normkit model: its decoder has no norm after the last layer, so that the head sees the mean of " +
      "the stream",
  );
});
