// What a model is and what can be done with it.

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Target } from "../../../lib/convert/convert.ts";
import { inspect, type Inspection, inspectionText } from "../../../lib/convert/inspect.ts";
import { normsWithReaders } from "../../../lib/convert/readers_and_writers.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { canBecome, goldenNames, openGolden, otherVariants } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { changedTensors, countIn } from "../../support/tensor_rows.ts";

async function inspected(name: string): Promise<Inspection> {
  using model = await openGolden(name);
  return inspect(model);
}

/** What is said of a golden model without its head. */
function inspectedBody({ family, config, tensors }: Model): Inspection & Pick<Model, "spec"> {
  const architectures = String(config["architectures"]).replace("ForCausalLM", "Model");
  const model = describeModel(
    family,
    { ...config, architectures: [architectures] },
    changedTensors(tensors, { without: ["lm_head.weight"] }),
  );
  return { ...inspect(model), spec: model.spec };
}

const yes = { possible: true };
const noTricks = (label: string) => ({
  possible: false,
  reason: `Cannot fold this ${label} model: it has no gates, constants or LayerScale`,
});

Deno.test("inspect() of GPT-2", async () => {
  assertEquals(await inspected("gpt2"), {
    family: "gpt2",
    label: "GPT-2",
    norm: "layer",
    eps: [1e-5],
    gains: true,
    biases: true,
    tied: true,
    heads: [{ output: "logits", weight: "transformer.wte.weight", reads: "all" }],
    bare: false,
    stacks: [{
      name: "decoder",
      width: 24,
      depth: 2,
      residual: "Pre-LN",
      parallel: false,
      entryNorm: false,
    }],
    dtype: "F32",
    tensors: 28,
    parameters: 16032,
    bytes: 64128,
    unused: [],
    notes: [],
    newBiases: ["lm_head.bias"],
    kept: [],
    targets: { "pre-ln": yes, "pre-rmsnorm": yes, "pre-crmsnorm": yes, "weightless": yes },
    fold: noTricks("GPT-2"),
  });
});

Deno.test("inspect() says for every golden model what it can become, and reads no tensor", async () => {
  for (const name of goldenNames) {
    using model = await openGolden(name);
    const inspection = inspect({
      ...model,
      tensors: {
        names: model.tensors.names,
        has: (tensor) => model.tensors.has(tensor),
        info: (tensor) => model.tensors.info(tensor),
        rows: () => Promise.reject(new Error("read")),
      },
    });
    for (const [target, { possible }] of Object.entries(inspection.targets)) {
      assertEquals(possible, canBecome(name, target as Target), `${name} to ${target}`);
    }
    const residuals = new Set(inspection.stacks.map(({ residual }) => residual.split(" with ")[0]));
    assertEquals([...residuals], [otherVariants[name] ?? "Pre-LN"], name);
    assertEquals(inspection.fold.possible, /^(dinov[23]|beit|granite)/.test(name), name);
    assertEquals(inspection.parameters, countIn(model.tensors), name);
  }
});

Deno.test("inspect() shows parallel branches, embedding norms, stacks, and norms without parameters", async () => {
  const neox = await inspected("gpt-neox");
  assertEquals(neox.stacks.map(({ parallel }) => parallel), [true]);
  const bloom = await inspected("bloom");
  assertEquals([bloom.stacks[0]!.entryNorm, bloom.eps], [true, [1e-3]]);
  const whisper = await inspected("whisper");
  assertEquals(whisper.stacks.map(({ name }) => name), ["encoder", "decoder"]);
  const olmo = await inspected("olmo");
  assertEquals([olmo.gains, olmo.biases, olmo.tied], [false, false, false]);
  const gemma = await inspected("gemma");
  assertEquals([gemma.norm, gemma.gains, gemma.biases], ["rms-offset", true, false]);
  assertEquals(gemma.targets["pre-ln"].reason?.split(":")[0], "Cannot center a Gemma model");
});

Deno.test("inspect() of this library's variants: where norms stand, and what can be folded", () => {
  const of = (residual: string): Inspection =>
    inspect(normkitModel({ ...small, depth: 4, residual }));
  const placements = ["pre-ln", "post-ln", "mix-ln"].map((id) => of(id).stacks[0]!.residual);
  assertEquals(placements, ["Pre-LN", "Post-LN", "Mix-LN"]);
  const gated = of("pre-ln+gpas");
  assertEquals(gated.fold, yes);
  assertEquals(
    gated.targets["pre-rmsnorm"].reason,
    "Cannot convert this normkit model: its stream is scaled (GPAS, LNS, DeepNorm): fold it first",
  );
  assertEquals(of("pre-ln").fold, noTricks("normkit"));
  const { possible, reason } = of("resi-dual+gpas").fold;
  assertEquals(possible, false);
  assertStringIncludes(reason!, "adds each branch to more than one stream");
});

Deno.test("inspectionText() is a table for people", async () => {
  assertEquals(
    inspectionText(await inspected("gptj")),
    `\
family         GPT-J (gptj)
norms          layer, parameters: gain and bias, ε 0.001
decoder        width 16, 2 layers, Pre-LN, parallel branches
head           logits: lm_head.weight, reads all
tied head      no
size           6664 parameters in 25 tensors, F32, 26656 bytes
new biases     6 where the family has none, such as transformer.h.0.attn.q_proj.bias
can be converted to
  pre-ln       yes
  pre-rmsnorm  yes
  pre-crmsnorm yes
  weightless   yes
  fold         no: Cannot fold this GPT-J model: it has no gates, constants or LayerScale`,
  );
  const noted = inspectionText({ ...await inspected("clip"), notes: ["a", "b"] }).split("\n");
  const lines = noted.filter((line) => /^(?:note|unused) /.test(line));
  assertEquals(lines, ["note           a", "note           b", "unused         logit_scale"]);
  const bloom = inspectionText(await inspected("bloom")).split("\n");
  assertEquals(bloom[2], "decoder        width 18, 2 layers, Pre-LN, embedding norm");
  const olmo = inspectionText(await inspected("olmo")).split("\n");
  assertEquals(olmo[1], "norms          layer, parameters: none, ε 0.00001");
  const llama = inspectionText(await inspected("llama"));
  assertEquals(
    llama.split("\n").find((line) => line.startsWith("  pre-ln")),
    "  pre-ln       no: Cannot center a Llama model: it has RMSNorms, which see the mean of the stream; its gains can be " +
      'folded (to "weightless")',
  );
});

Deno.test("inspect() takes a body whose norms nothing reads", async () => {
  using golden = await openGolden("olmo2");
  const { spec, ...inspection } = inspectedBody(golden);
  assertEquals(normsWithReaders(spec).every(({ readers }) => readers.length === 0), true);
  assertEquals([inspection.dtype, inspection.bare, inspection.heads], ["F32", true, []]);
});

Deno.test("inspectionText() is text whatever the names of tensors are", async () => {
  using golden = await openGolden("gpt2");
  const values = Float64Array.of(1);
  const more = { "\u001b[2Jx\nfamily": { dtype: "F32", shape: [1], values } } as const;
  const inspection = inspect({ ...golden, tensors: changedTensors(golden.tensors, { more }) });
  assertEquals(inspection.unused, ["\u001b[2Jx\nfamily"]);
  assertStringIncludes(inspectionText(inspection), 'unused         "\\u001b[2Jx\\nfamily"\n');
});
