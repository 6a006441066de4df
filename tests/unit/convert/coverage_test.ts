// What models are run on: their full context where they are small, a few layers and positions where they are large.

import { assert, assertEquals } from "@std/assert";
import type { TensorShape, TensorSource } from "../../../lib/checkpoint/tensors.ts";
import { chooseRuns, type Runs } from "../../../lib/convert/coverage.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { findFamily } from "../../../lib/families/registry.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";

/** GPT-2 of a size, without numbers. */
function gpt2(width: number, layers: number, vocabulary: number, context: number): Model {
  const shapes = new Map<string, readonly number[]>([
    ["transformer.wte.weight", [vocabulary, width]],
    ["transformer.wpe.weight", [context, width]],
    ...norm("transformer.ln_f", width),
  ]);
  for (let layer = 0; layer < layers; layer++) {
    const path = `transformer.h.${layer}`;
    const entries = [
      ...norm(`${path}.ln_1`, width),
      ...norm(`${path}.ln_2`, width),
      ...linear(`${path}.attn.c_attn`, width, 3 * width),
      ...linear(`${path}.attn.c_proj`, width, width),
      ...linear(`${path}.mlp.c_fc`, width, 4 * width),
      ...linear(`${path}.mlp.c_proj`, 4 * width, width),
    ];
    for (const [name, shape] of entries) shapes.set(name, shape);
  }
  const tensors: TensorSource = {
    names: [...shapes.keys()],
    has: (name) => shapes.has(name),
    info: (name): TensorShape => ({ dtype: "F32", shape: shapes.get(name)! }),
    rows: () => Promise.reject(new Error("nothing is read")),
  };
  const config = {
    ...{ model_type: "gpt2", n_embd: width, n_layer: layers, n_head: width / 4 },
    ...{ vocab_size: vocabulary, n_positions: context },
  };
  return describeModel(findFamily(config), config, tensors);
}

function norm(path: string, width: number): [string, number[]][] {
  return [[`${path}.weight`, [width]], [`${path}.bias`, [width]]];
}

function linear(path: string, inputs: number, outputs: number): [string, number[]][] {
  return [[`${path}.weight`, [inputs, outputs]], [`${path}.bias`, [outputs]]];
}

const chosen = (
  model: Model,
  { alone = false, sequences }: { alone?: boolean; sequences?: number } = {},
): Runs => chooseRuns(model, { seed: 0, sequences, given: [], alone });

const lengthsOf = ({ inputs }: Runs): number[] => inputs.map(({ tokens }) => tokens!.length);

Deno.test("chooseRuns() reads the full context of a small model once, and short inputs besides", () => {
  const runs = chosen(gpt2(32, 2, 100, 512));
  assertEquals(lengthsOf(runs), [512, 32, 32, 32]);
  assertEquals(runs.coverage, {
    ...{ seed: 0, random: 4, given: 0 },
    tokens: { longest: 512, context: 512 },
  });
  assertEquals(runs.isSmall, true);
  assertEquals(lengthsOf(chosen(normkitModel(small))), [8, 8, 8, 8]);
});

Deno.test("chooseRuns() takes a few layers and positions of a large model, more where outputs are all there is", () => {
  const model = gpt2(768, 12, 50257, 1024);
  const runs = chosen(model);
  assertEquals(lengthsOf(runs), [5]);
  assertEquals([runs.coverage.layers, runs.isSmall], [{ run: 1, of: 12 }, false]);
  assertEquals([runs.coverage.float64, runs.inSingle], [true, false]);
  assertEquals(runs.shorten(model).spec.stacks["decoder"]!.blocks.length, 1);
  const alone = chosen(model, { alone: true });
  assertEquals([alone.coverage.layers, alone.inSingle], [undefined, true]);
  assertEquals(alone.shorten(model), model);
  const [length] = lengthsOf(alone);
  assert(length! >= 32 && length! <= 64, `${length}`);
  // 5 GB in float32: still four positions, of one layer
  const larger = chosen(gpt2(1600, 48, 50257, 1024));
  assertEquals([lengthsOf(larger), larger.coverage.layers], [[4], { run: 1, of: 48 }]);
});

Deno.test("chooseRuns() takes as many inputs as are asked for", () => {
  const two = chosen(gpt2(768, 12, 50257, 1024), { sequences: 2 });
  assertEquals([lengthsOf(two), two.inSingle], [[5, 5], true]);
  assertEquals(lengthsOf(chosen(gpt2(32, 2, 100, 512), { sequences: 1 })), [512]);
});

Deno.test("chooseRuns() looks past a narrow window where no table bounds the positions", async () => {
  using llama = await openGolden("llama");
  assertEquals(lengthsOf(chosen(llama))[0], 64);
  const stack = llama.spec.stacks["decoder"]!;
  const longestOf = (window: number): unknown => {
    const blocks = stack.blocks.map(({ branches, ...block }) => ({
      ...block,
      branches: branches.map(({ sublayer, ...branch }) => ({
        ...branch,
        sublayer: sublayer.kind === "attention" ? { ...sublayer, window } : sublayer,
      })),
    }));
    const spec = { ...llama.spec, stacks: { decoder: { ...stack, blocks } } };
    return chosen({ ...llama, spec }).coverage.tokens;
  };
  assertEquals(longestOf(100), { longest: 132, context: null });
  assertEquals(longestOf(4096), { longest: 64, context: null });
});

Deno.test("chooseRuns() takes all layers of variants whose constants follow the depth", () => {
  const model = gpt2(768, 12, 50257, 1024);
  const stack = model.spec.stacks["decoder"]!;
  const other = { ...stack, residual: { ...stack.residual, id: "lns" } };
  const runs = chosen({ ...model, spec: { ...model.spec, stacks: { decoder: other } } });
  assertEquals(runs.coverage.layers, undefined);
});
