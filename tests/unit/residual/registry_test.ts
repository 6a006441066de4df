import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { findResidual, preLn, residuals, withGpas } from "../../../lib/residual/mod.ts";

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
  for (const id of ["pre", "", "PRE-LN", "pre-ln+", "+gpas", "pre-ln+gate", "pre-ln+gpas+gpas"]) {
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
  assertEquals(ours.map(({ id }) => id), ["post-ln", "sub-ln", "resi-dual", "peri-ln"]);
});

Deno.test("withGpas() takes another activation and a gate for each sub-layer", () => {
  const gated = withGpas(preLn, { activation: "tanh", gate: "site" });
  assertEquals(gated.gpas, { activation: "tanh", gate: "site" });
});

Deno.test("withGpas() twice is an error that names the variant", () => {
  for (const base of residuals) {
    assertThrows(() => withGpas(withGpas(base)), RangeError, `${base.id}+gpas`);
  }
});
