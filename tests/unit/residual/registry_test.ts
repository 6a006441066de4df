import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { gates } from "../../../lib/kernels/gate.ts";
import { variantStyle } from "../../../lib/plots/mod.ts";
import {
  findResidual,
  type Gating,
  isRegistered,
  preLn,
  residuals,
  withGpas,
} from "../../../lib/residual/mod.ts";

Deno.test("residuals are the variants in the order that colors follow", () => {
  assertEquals(residuals.map(({ id }) => id), [
    "post-ln",
    "pre-ln",
    "sub-ln",
    "deep-norm",
    "sandwich-ln",
    "resi-dual",
    "mix-ln",
    "lns",
    "lns-gain",
    "peri-ln",
    "res-post-norm",
  ]);
});

Deno.test("residuals each have a label, a source with a year, and an equation for the next stream", () => {
  assertEquals(new Set(residuals.map(({ label }) => label)).size, residuals.length);
  for (const { label, source, equation } of residuals) {
    assertMatch(label, /\S/);
    assertMatch(source, /20\d\d/, label);
    assertMatch(equation, /^x_\{l\+1\} = /, label);
  }
});

Deno.test("findResidual() finds each variant by its id, and with +gpas", () => {
  for (const residual of residuals) {
    assertStrictEquals(findResidual(residual.id), residual);
    const gated = findResidual(`${residual.id}+gpas`);
    assertEquals(gated.id, `${residual.id}+gpas`);
    assertEquals(gated.gpas, { activation: "silu", gate: "layer" });
  }
});

Deno.test("findResidual() of an unknown id names it and the known ones", () => {
  for (
    const id of [
      ...["pre", "", "PRE-LN", "pre-ln+", "+gpas", "pre-ln+gate", "pre-ln+gpas+gpas"],
      ...["pre-ln+gpas-", "pre-ln+gpas-silu", "pre-ln+gpas-layer", "pre-ln+gpas-site-tanh"],
      ...["pre-ln+gpas(activation=tanh)", "mine+gpas-tanh", "pre-ln-tanh"],
    ]
  ) {
    const error = assertThrows(() => findResidual(id), RangeError, `"${id}"`);
    for (const known of residuals) assertMatch(error.message, new RegExp(`\\b${known.id}\\b`));
    assertMatch(error.message, /\+gpas/);
  }
});

Deno.test("withGpas() keeps the base's ends and start, and says where the combination is ours", () => {
  for (const base of residuals) {
    const gated = withGpas(base);
    assertEquals(gated.ends, base.ends, base.id);
    assertStrictEquals(gated.init, base.init, base.id);
    assertEquals(gated.finalEps, base.finalEps, base.id);
    assertEquals(gated.label, `${base.label} + GPAS`);
    assertStrictEquals(gated.source.endsWith(base.source), true, base.id);
  }
  const ours = residuals.filter((base) => withGpas(base).source.includes("ours"));
  assertEquals(ours.map(({ id }) => id), [
    "post-ln",
    "sub-ln",
    "resi-dual",
    "peri-ln",
    "res-post-norm",
  ]);
});

Deno.test("withGpas() takes another activation and a gate for each sub-layer", () => {
  const gated = withGpas(preLn, { activation: "tanh", gate: "site" });
  assertEquals(gated.gpas, { activation: "tanh", gate: "site" });
  for (const wrong of [{ activation: "sigmoid" }, { gate: "head" }, { activation: null }]) {
    const [[key]] = Object.entries(wrong) as [[string, unknown]];
    assertThrows(() => withGpas(preLn, wrong as Partial<Gating>), RangeError, `Cannot use ${key}`);
  }
});

/** Every kind of gates, the paper's first. */
const gatings = Object.keys(gates).flatMap((activation) =>
  ["layer", "site"].map((gate) => ({ activation, gate }) as Gating)
);

Deno.test("ids of gates tell what differs from the paper's, and findResidual() finds them all", () => {
  assertEquals(gatings.map((gating) => withGpas(preLn, gating).id), [
    "pre-ln+gpas",
    "pre-ln+gpas-site",
    "pre-ln+gpas-scaled-silu",
    "pre-ln+gpas-scaled-silu-site",
    "pre-ln+gpas-identity",
    "pre-ln+gpas-identity-site",
    "pre-ln+gpas-relu",
    "pre-ln+gpas-relu-site",
    "pre-ln+gpas-leaky-relu",
    "pre-ln+gpas-leaky-relu-site",
    "pre-ln+gpas-tanh",
    "pre-ln+gpas-tanh-site",
  ]);
  for (const base of residuals) {
    for (const gating of gatings) {
      const variant = withGpas(base, gating);
      assertMatch(variant.id, /^[a-z]+(-[a-z]+)*\+[a-z]+(-[a-z]+)*$/); // a file name and a word of any shell
      assertStrictEquals(findResidual(variant.id), variant);
      assertStrictEquals(withGpas(base, { ...gating }), variant);
      assertEquals(variant.gpas, gating);
      assertEquals(variantStyle(variant.id).label, variant.label);
    }
  }
});

Deno.test("isRegistered() tells the registry's objects from one's own of the same id", () => {
  for (const base of residuals) {
    for (const variant of [base, ...gatings.map((gating) => withGpas(base, gating))]) {
      assertEquals(isRegistered(variant), true, variant.id);
      assertEquals(isRegistered({ ...variant }), false, variant.id);
    }
    assertEquals(isRegistered(withGpas({ ...base })), false, `gates on a copy of ${base.id}`);
  }
  assertEquals(isRegistered({ ...preLn, id: "mine" }), false);
});

Deno.test("withGpas() twice is an error that names the variant", () => {
  for (const base of residuals) {
    assertThrows(() => withGpas(withGpas(base)), RangeError, `${base.id}+gpas`);
  }
});

Deno.test("withGpas() gives an object that nobody changes for others", () => {
  const gated = withGpas(residuals[0]!) as { id: string; gpas: { activation: string } };
  assertThrows(() => gated.gpas.activation = "tanh", TypeError);
  assertThrows(() => gated.id = "mine", TypeError);
});
