import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { completeConfig, type DecoderConfig } from "../../../lib/decoder/mod.ts";
import {
  findResidual,
  periLn,
  preLn,
  type Residual,
  residuals,
} from "../../../lib/residual/mod.ts";

const config: DecoderConfig = { vocabulary: 11, context: 8, width: 16, depth: 2, heads: 4 };

Deno.test("completeConfig() fills in what is left open", () => {
  const { residual, ...rest } = completeConfig(config);
  assertStrictEquals(residual, findResidual("pre-ln"));
  assertEquals(rest, {
    ...config,
    hidden: 64,
    norm: "layer",
    eps: 1e-5,
    normEps: {},
    ends: ["final"],
    positions: "learned",
    activation: "gelu",
    tied: false,
    bias: true,
    dropout: 0,
    init: "xavier",
    embeddingStd: 1 / 4,
    embeddingScale: 4,
  });
});

Deno.test("completeConfig() of a complete configuration changes nothing", () => {
  const complete = completeConfig({ ...config, residual: "lns+gpas", norm: "rms" });
  assertEquals(completeConfig(complete), complete);
});

Deno.test("completeConfig() takes ends and start from the variant, unless it is told", () => {
  for (const residual of residuals) {
    const complete = completeConfig({ ...config, residual: residual.id });
    assertEquals(complete.ends, [...residual.ends], residual.id);
    assertEquals(complete.init, residual.init.base, residual.id);
    const normal = residual.init.base === "normal";
    assertEquals(complete.embeddingStd, normal ? 0.02 : 1 / 4, residual.id);
    assertEquals(complete.embeddingScale, normal ? 1 : 4, residual.id);
  }
  const told = completeConfig({
    ...config,
    residual: periLn,
    ends: ["embedding", "final"],
    init: "xavier",
  });
  assertEquals(told.ends, ["embedding", "final"]);
  assertEquals(told.embeddingScale, 4);
});

/** What each wrong value is called in the message, with what is allowed. */
const wrong: readonly (readonly [Record<string, unknown>, string, string])[] = [
  [{ vocabulary: 0 }, "vocabulary = 0", "≥ 1"],
  [{ context: 2.5 }, "context = 2.5", "whole number"],
  [{ width: -16 }, "width = -16", "≥ 1"],
  [{ depth: NaN }, "depth = NaN", "whole number"],
  [{ depth: 1025 }, "depth = 1025", "≤ 1024"],
  [{ depth: 1e9 }, "depth = 1000000000", "≤ 1024"],
  [{ depth: undefined }, 'without the option "depth" of a decoder', "a number"],
  [{ heads: 3 }, "16 into 3 heads", "must divide"],
  [{ heads: 16, positions: "rotary" }, "heads of width 1", "even"],
  [{ hidden: 0 }, "hidden = 0", "≥ 1"],
  [{ residual: "pre-lm" }, '"pre-lm"', "pre-ln"],
  [{ norm: "batch" }, '"batch"', "layer, rms, crms"],
  [{ eps: 0 }, "eps = 0", "> 0"],
  [{ eps: -1e-5 }, "eps = -0.00001", "> 0"],
  [{ eps: Infinity }, "eps = Infinity", "finite"],
  [{ normEps: { "norm.final": 0 } }, 'normEps["norm.final"] = 0', "> 0"],
  [{ normEps: { "norm.finl": 1e-6 } }, 'normEps["norm.finl"]', "norm.final"],
  [{ normEps: { "blocks.3.norm.attention.input": 1 } }, "blocks.3.", "to blocks.2.norm"],
  [
    { normEps: { "blocks.0.norm.attention.input": 1 } },
    "blocks.0.",
    "blocks.1.norm.attention.input",
  ],
  [{ normEps: { "blocks.1.norm.attention.stream": 1 } }, "stream", "blocks.1.norm.attention.input"],
  [{ residual: 5 as unknown as string }, "a residual variant", "an object"],
  [{ residual: { ...preLn, wiring: undefined } as unknown as Residual }, '"wiring"', "a function"],
  [{ residual: { ...preLn, finsh: () => {} } as Residual }, '"finsh"', '"finish"'],
  [{ residual: { ...preLn, init: {} } as unknown as Residual }, '"base"', "a string"],
  [{ ends: ["start"] }, '"start"', "embedding, final"],
  [{ positions: "sine" }, '"sine"', "learned, rotary"],
  [{ activation: "tanh" }, '"tanh"', "gelu, relu, swiglu"],
  [{ dropout: 1 }, "dropout = 1", "< 1"],
  [{ dropout: -0.1 }, "dropout = -0.1", "≥ 0"],
  [{ init: "orthogonal" }, '"orthogonal"', "xavier, normal"],
  [{ embeddingStd: 0 }, "embeddingStd = 0", "> 0"],
  [{ embeddingScale: NaN }, "embeddingScale = NaN", "> 0"],
  [{ widht: 8 }, '"widht"', "width"],
];

for (const [change, value, allowed] of wrong) {
  Deno.test(`completeConfig() refuses ${JSON.stringify(change)} (${value})`, () => {
    const error = assertThrows(() => completeConfig({ ...config, ...change }), RangeError, value);
    assertEquals(error.message.includes(allowed), true, error.message);
  });
}
