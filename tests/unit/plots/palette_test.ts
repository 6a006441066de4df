import { assertEquals, assertNotEquals } from "@std/assert";
import { orderVariants, paletteIds, variantStyle } from "../../../lib/plots/mod.ts";

Deno.test("variantStyle() freezes color and label of every variant", () => {
  assertEquals(paletteIds.map((id) => [id, variantStyle(id).label, variantStyle(id).color]), [
    ["post-ln", "Post-LN", "#4269d0"],
    ["pre-ln", "Pre-LN", "#efb118"],
    ["sub-ln", "Sub-LN", "#ff725c"],
    ["deep-norm", "DeepNorm", "#6cc5b0"],
    ["sandwich-ln", "Sandwich-LN", "#3ca951"],
    ["resi-dual", "ResiDual", "#ff8ab7"],
    ["mix-ln", "Mix-LN", "#a463f2"],
    ["lns", "LNS", "#97bbf5"],
    ["lns-gain", "LNS, trained gain", "#9c6b4e"],
    ["peri-ln", "Peri-LN", "#9498a0"],
  ]);
});

Deno.test("variantStyle() gives every variant a marker and a color of its own", () => {
  const ids = [...paletteIds, "my-own"];
  assertEquals(new Set(ids.map((id) => variantStyle(id).marker)).size, ids.length);
  assertEquals(new Set(ids.map((id) => variantStyle(id).color)).size, ids.length);
});

Deno.test("variantStyle() keeps the base's color with GPAS and dashes it", () => {
  for (const id of [...paletteIds, "my-own"]) {
    const [base, gated] = [variantStyle(id), variantStyle(`${id}+gpas`)];
    assertEquals(gated.color, base.color);
    assertEquals(gated.marker, base.marker);
    assertEquals(gated.label, `${base.label} + GPAS`);
    assertEquals(base.dash, undefined);
    assertNotEquals(gated.dash, undefined);
    assertNotEquals(gated.markerFill, base.markerFill);
  }
});

Deno.test("variantStyle() shows an unknown id in neutral gray under its own name", () => {
  assertEquals(variantStyle("my-own").label, "my-own");
  assertEquals(variantStyle("toString").label, "toString");
  assertEquals(variantStyle("my-own").color, "#45484d");
});

Deno.test("orderVariants() follows the palette, bases before GPAS, own ids last", () => {
  assertEquals(
    orderVariants(["zeta", "peri-ln", "alpha", "pre-ln+gpas", "pre-ln", "post-ln+gpas", "pre-ln"]),
    ["post-ln+gpas", "pre-ln", "pre-ln+gpas", "peri-ln", "zeta", "alpha"],
  );
});
