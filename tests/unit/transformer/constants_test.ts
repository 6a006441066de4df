// DeepNorm's and Sub-LN's constants in the models that are built, of one stack and of N ≠ M, against the papers' formulas (tests/reference):
// each matrix's start over Xavier's, and each factor of a shortcut as the forward pass multiplies it. papers.md §4.1 to §4.4.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { completeConfig } from "../../../lib/decoder/config.ts";
import { decoderBlueprint } from "../../../lib/decoder/spec.ts";
import { graphInterpreter, type Node } from "../../../lib/interpret/graph.ts";
import { forward } from "../../../lib/model/forward.ts";
import {
  encoderDecoderTransformer,
  encoderTransformer,
  imageTextTransformer,
  speechTransformer,
  type Transformer,
  visionTransformer,
} from "../../../lib/transformer/models.ts";
import { depthConstants } from "../../reference/constants.ts";

type Model = Pick<Transformer, "spec" | "starts">;

const layers = { width: 4, heads: 2, hidden: 6, embeddingScale: 1 } as const;
const text = { vocabulary: 5, context: 3 };

/** Models of one stack, by their depth. */
const alone: Readonly<Record<string, (depth: number, residual: string) => Model>> = {
  "decoder": (depth, residual) =>
    decoderBlueprint(completeConfig({ ...layers, ...text, depth, residual })),
  "encoder": (depth, residual) => encoderTransformer({ ...layers, ...text, depth, residual }),
  "SwiGLU encoder": (depth, residual) =>
    encoderTransformer({ ...layers, ...text, depth, residual, activation: "swiglu" }),
  "vision": (depth, residual) =>
    visionTransformer({ ...layers, depth, residual, imageSize: 4, patchSize: 2, classes: 2 }),
  "image-text": (depth, residual) =>
    imageTextTransformer({ ...layers, ...text, depth, residual, imageSize: 4, patchSize: 2 }),
  "speech": (depth, residual) =>
    speechTransformer({
      ...layers,
      ...{ depth, residual, channels: 2, frames: 4, classes: 2, reads: "mean" },
    }),
};

/** What the forward pass multiplies by, in its order. */
function factorsOf({ spec }: Model): number[] {
  const nodes: Node[] = [];
  const facts = {
    has: () => true,
    reads: () => true,
    countVectors: () => 4,
    countPatches: () => 4,
  };
  forward(graphInterpreter(facts, nodes), spec);
  return nodes.filter((node) => node.operation === "scale").map(({ data: [factor] }) =>
    factor as number
  );
}

/** Matrices of sub-layers by path, each as what its standard deviation is over that of Xavier. */
function gainsOf({ starts }: Model): Map<string, number> {
  const matrices = [...starts].filter(([path]) => /blocks.*\.w.$/.test(path));
  return new Map(matrices.map(([path, start]) => {
    const [inputs, outputs] = start.shape as [number, number];
    const std = "std" in start ? start.std : NaN;
    return [path, std / Math.sqrt(2 / (inputs + outputs))];
  }));
}

/** What multiplies Xavier's standard deviation. */
interface Expected {
  /** Of V, O and the feed-forward network's matrices. */
  readonly gain: number;
  /** Of V and O of cross-attention. */
  readonly cross?: number;
}

function assertGains(model: Model, prefix: string, { gain, cross = NaN }: Expected): void {
  const own = [...gainsOf(model)].filter(([path]) => path.startsWith(`${prefix}blocks`));
  assert(own.length > 0, prefix);
  for (const [path, found] of own) {
    const isScaled = !/w[qk]$/.test(path);
    const expected = isScaled ? path.includes("cross") ? cross : gain : 1;
    assertAlmostEquals(found, expected, 1e-12, path);
  }
}

/** Embeddings and heads start as they do in Pre-LN, gains of norms at 1, biases at 0. */
function assertOthersPlain({ starts }: Model, plain: Model): void {
  for (const [path, start] of starts) {
    if (/\.(gain|bias)$|\.b.?$/.test(path)) {
      assertEquals("value" in start && start.value, path.endsWith("gain") ? 1 : 0, path);
    } else if (!/blocks/.test(path)) assertEquals(start, plain.starts.get(path), path);
  }
}

const repeated = (count: number, factor: number): number[] => Array(count).fill(factor);

function assertFactors(found: readonly number[], expected: readonly number[], what: string): void {
  assertEquals(found.length, expected.length, what);
  found.forEach((factor, at) => assertAlmostEquals(factor, expected[at]!, 1e-12, what));
}

/** The places of norms in each sub-layer, and the norms at the ends. */
function placesOf({ spec }: Model, stack: string): readonly string[] {
  const { blocks, final } = spec.stacks[stack]!;
  const [first] = [
    ...new Set(
      blocks.map(({ branches }) =>
        branches.map(({ role, norms }) => `${role}: ${Object.keys(norms).join(" ")}`).join(", ")
      ),
    ),
  ];
  return [first!, final === undefined ? "no final" : "final"];
}

for (const [kind, make] of Object.entries(alone)) {
  for (const depth of [1, 2, 6, 18, 100]) {
    Deno.test(`${kind} of ${depth} layers: α = (2N)^¼, β = (8N)^−¼, γ = √ln 2N`, () => {
      const constants = depthConstants(depth, depth);
      const plain = make(depth, "pre-ln");
      assertGains(plain, "", { gain: 1 });
      assertEquals(factorsOf(plain), []);
      const deepNorm = make(depth, "deep-norm");
      assertGains(deepNorm, "", { gain: constants.beta });
      assertOthersPlain(deepNorm, plain);
      const networks = kind === "image-text" ? 2 : 1; // of patches and of tokens
      const joints = (1 + networks) * depth;
      assertFactors(factorsOf(deepNorm), repeated(joints, constants.alpha), kind);
      const subLn = make(depth, "sub-ln");
      assertGains(subLn, "", { gain: constants.gamma });
      assertOthersPlain(subLn, plain);
      assertEquals(factorsOf(subLn), []);
      const stack = Object.keys(subLn.spec.stacks)[0]!;
      const around = (places: string): string =>
        `attention: ${places}${`, feedForward: ${places}`.repeat(networks)}`;
      assertEquals(placesOf(subLn, stack), [around("input inner"), "final"]);
      assertEquals(placesOf(deepNorm, stack), [around("stream"), "no final"]);
    });
  }
}

for (
  const [n, m] of [[1, 1], [1, 4], [2, 3], [3, 2], [6, 6], [12, 4], [4, 18], [18, 18], [1, 100]]
) {
  Deno.test(`encoder of ${n} and decoder of ${m} layers: constants of both depths`, () => {
    const make = (residual: string): Model =>
      encoderDecoderTransformer({
        ...{ ...layers, ...text, residual },
        ...{ encoderDepth: n!, decoderDepth: m! },
      });
    const constants = depthConstants(n!, m!);
    const plain = make("pre-ln");
    const deepNorm = make("deep-norm");
    assertGains(deepNorm, "encoder.", { gain: constants.encoderBeta });
    assertGains(deepNorm, "decoder.", {
      gain: constants.decoderBeta,
      cross: constants.decoderBeta,
    });
    assertOthersPlain(deepNorm, plain);
    const factors = [
      ...repeated(2 * n!, constants.encoderAlpha),
      ...repeated(3 * m!, constants.decoderAlpha),
    ];
    assertFactors(factorsOf(deepNorm), factors, "α");
    const subLn = make("sub-ln");
    assertGains(subLn, "encoder.", { gain: constants.encoderGamma });
    assertGains(subLn, "decoder.", { gain: constants.decoderGamma, cross: 1 }); // Magneto leaves cross-attention as it is
    assertOthersPlain(subLn, plain);
    assertEquals(factorsOf(subLn), []);
    assertEquals(placesOf(subLn, "decoder"), [
      "attention: input inner, crossAttention: input, feedForward: input inner",
      "final",
    ]);
    assertEquals(placesOf(subLn, "encoder")[1], "final");
  });
}
