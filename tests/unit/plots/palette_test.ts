import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { armStyle, mostArms } from "../../../lib/plots/palette.ts";
import { ink } from "../../../lib/plots/typography.ts";
import { colorOf, contrast, under } from "../../support/contrast.ts";
import { kernelBars, orderVariants, paletteIds, variantStyle } from "../../../lib/plots/mod.ts";

Deno.test("variantStyle() freezes color and label of every variant", () => {
  assertEquals(paletteIds.map((id) => [id, variantStyle(id).label, variantStyle(id).color]), [
    ["post-ln", "Post-LN", "#4269d0"],
    ["pre-ln", "Pre-LN", "#c27d00"],
    ["sub-ln", "Sub-LN", "#e8452c"],
    ["deep-norm", "DeepNorm", "#109b80"],
    ["sandwich-ln", "Sandwich-LN", "#4a8a1e"],
    ["resi-dual", "ResiDual", "#e4559b"],
    ["mix-ln", "Mix-LN", "#a463f2"],
    ["lns", "LNS", "#1b98cf"],
    ["lns-gain", "LNS, trained gain", "#8a5638"],
    ["peri-ln", "Peri-LN", "#868b94"],
    ["res-post-norm", "Res-Post-Norm", "#9a8a1f"],
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

/** Cards lie under a film on dark pages: `--shade` of `lib/workshop/pages/page_style.ts`. */
const films = [0, 0.07].map((opacity) => (hex: string) =>
  under(colorOf(hex), [20, 23, 28], opacity)
);
const onCard = (hex: string): number =>
  Math.min(...films.map((seen) => contrast(seen(hex), seen(ink.card))));

Deno.test("every line and bar has a contrast of at least 3 with its card", () => {
  const arms = Array.from({ length: mostArms }, (_, place) => armStyle("arm", place));
  const styles = [...[...paletteIds, "my-own"].map(variantStyle), ...arms];
  const bars = kernelBars(
    [true, false].map((ours) => ({ group: "a", name: "b", value: 1, low: 1, high: 1, ours })),
    { title: "t", quantity: "q" },
  ).svg.matchAll(/<g aria-label="rect".*?<\/g>/gs);
  const fills = [...[...bars].join().matchAll(/fill="(#\w{6})"/g)].map(([, color]) => color!);
  assertEquals(fills.length, 2);
  for (const color of [...styles.map(({ color }) => color), ...fills, ink.guide, ink.axis]) {
    assert(onCard(color) >= 3, `${color}: ${onCard(color).toFixed(2)}`);
  }
});

Deno.test("every text of a chart has a contrast of at least 4.5 with its card", () => {
  const arms = Array.from({ length: mostArms }, (_, place) => armStyle("arm", place).color);
  for (const color of [ink.text, ink.muted, ...arms]) {
    assert(onCard(color) >= 4.5, `${color}: ${onCard(color).toFixed(2)}`);
  }
});
