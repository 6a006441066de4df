// Which heads a model has: by the class that its configuration names, and by the names of matrices in its file.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { MemoryTensor } from "../../../lib/checkpoint/memory.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { inspect, inspectionText } from "../../../lib/convert/inspect.ts";
import type { Config } from "../../../lib/families/family.ts";
import { describeDecoder } from "../../../lib/families/language_model.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { findFamily } from "../../../lib/families/registry.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { editedTensors } from "../../support/edited_tensors.ts";
import { openGoldenHead } from "../../support/golden_heads.ts";
import { openGolden, outputsOf } from "../../support/golden_models.ts";

/** A golden model with other keys of its configuration, and more tensors. */
async function withHeads(
  name: string,
  settings: Config,
  shapes: Readonly<Record<string, readonly number[]>>,
): Promise<Model> {
  using golden = await openGolden(name);
  const added = Object.fromEntries(
    Object.entries(shapes).map(([tensor, shape]): [string, MemoryTensor] => {
      const size = shape.reduce((product, length) => product * length, 1);
      return [tensor, { shape, values: new Float64Array(size).fill(1) }];
    }),
  );
  const tensors = editedTensors(golden.tensors, { added });
  return describeModel(golden.family, { ...golden.config, ...settings }, tensors);
}

/** What heads are called, of which matrix and rows. */
const headsOf = (model: Model): string[] =>
  inspect(model).heads.map(({ output, weight, reads }) => `${output} ${weight} ${reads}`);

const lm = "transformer.wte.weight all";
const [score, map] = [{ "score.weight": [3, 24] }, { "classifier.weight": [3, 24] }];
const own = { "lm_head.weight": [40, 24] };

/** Settings and more tensors of GPT-2, and the heads that it has then. */
const cases: readonly (readonly [
  architecture: string | undefined,
  shapes: Readonly<Record<string, readonly number[]>>,
  heads: readonly string[],
])[] = [
  ["GPT2LMHeadModel", {}, [`logits ${lm}`]],
  [undefined, {}, [`logits ${lm}`]],
  ["GPT2Model", {}, []],
  ["GPT2ForSequenceClassification", score, ["logits score.weight last"]],
  ["GPT2ForTokenClassification", score, ["logits score.weight all"]],
  ["GPT2ForTokenClassification", map, ["logits classifier.weight all"]],
  [undefined, score, ["logits score.weight last"]],
  ["GPT2Model", own, ["logits lm_head.weight all"]],
  ["GPT2LMHeadModel", score, [`logits ${lm}`, "score score.weight last"]],
  ["GPT2ForSequenceClassification", { ...score, ...own }, [
    "logits score.weight last",
    "lm_logits lm_head.weight all",
  ]],
  [undefined, { ...score, ...map }, [
    "logits score.weight last",
    "classifier classifier.weight all",
  ]],
];

for (const [architecture, shapes, heads] of cases) {
  const what = `${architecture ?? "no class"} with ${Object.keys(shapes).join(", ") || "no more"}`;
  Deno.test(`describeModel() of GPT-2, ${what}: the heads are those of the file`, async () => {
    const architectures = architecture === undefined ? undefined : [architecture];
    assertEquals(headsOf(await withHeads("gpt2", { architectures }, shapes)), heads);
  });
}

Deno.test("describeModel() reads the last token beside padding, which a family may name by itself", async () => {
  const padOf = async (name: string, width: number, settings: Config): Promise<unknown> => {
    const architectures = ["ForSequenceClassification"];
    const shapes = { "score.weight": [3, width] };
    const model = await withHeads(name, { architectures, ...settings }, shapes);
    return model.spec.heads[0]!.padToken;
  };
  assertEquals(await padOf("gpt2", 24, { pad_token_id: 0 }), 0);
  assertEquals(await padOf("gpt2", 24, { pad_token_id: undefined }), undefined);
  assertEquals(await padOf("gpt2", 24, { pad_token_id: null }), undefined);
  assertEquals(await padOf("opt", 16, { pad_token_id: undefined }), 1);
  assertEquals(await padOf("opt", 16, { pad_token_id: null }), undefined);
});

Deno.test("describeModel() refuses a summary that it does not know", async () => {
  const settings = { architectures: ["GPT2DoubleHeadsModel"], summary_type: "attn" };
  using golden = await openGolden("gpt2");
  const added = {
    "multiple_choice_head.summary.weight": { shape: [1, 24], values: Array(24).fill(1) },
  };
  const tensors = editedTensors(golden.tensors, { added });
  const { message } = assertThrows(
    () => describeModel(golden.family, { ...golden.config, ...settings }, tensors),
    RangeError,
  );
  assertEquals(
    message,
    'Cannot use summary_type = "attn" of config.json: it must be one of cls_index, last, first, mean',
  );
});

Deno.test("describeModel() takes no head of a class for something else, which has more than the matrix that is known", async () => {
  const [classifier, tdnn] = [{ "classifier.weight": [3, 16] }, {
    "tdnn.0.kernel.weight": [8, 16],
  }];
  for (
    const [name, architecture, shapes] of [
      ["wav2vec2-pretraining", "Wav2Vec2ForXVector", { ...classifier, ...tdnn }],
      ["vit-msn", "ViTMSNForSemanticSegmentation", classifier],
    ] as const
  ) {
    const model = await withHeads(name, { architectures: [architecture] }, shapes);
    const { bare, targets } = inspect(model);
    assertEquals([headsOf(model), bare, targets.weightless.possible], [[], true, false], name);
  }
  const ofFamily = (type: string) => findFamily({ model_type: type }).heads!.length;
  assertEquals(["wav2vec2", "unispeech", "unispeech-sat"].map(ofFamily), [1, 0, 0]); // their project_hid reads something else
});

Deno.test("describeModel() says what is missing where an encoder or a decoder was saved alone", async () => {
  using golden = await openGolden("bart");
  const tensors = editedTensors(golden.tensors, { without: /encoder\.layers/ });
  assertThrows(
    () => describeModel(golden.family, golden.config, tensors),
    RangeError,
    "a part of the checkpoint is missing, such as one side of an encoder and a decoder",
  );
});

Deno.test("describeDecoder() calls what the head of tokens gives logits, whatever it is called beside others", async () => {
  const settings = { architectures: ["GPT2ForSequenceClassification"] };
  const { spec } = describeDecoder(await withHeads("gpt2", settings, { ...score, ...own }));
  assertEquals(spec.heads.map(({ output }) => output), [undefined]);
});

Deno.test("inspectionText() lists heads, and says that a body's final norm is an output", async () => {
  const linesOf = async (architecture: string): Promise<string[]> => {
    const model = await withHeads("gpt2", { architectures: [architecture] }, {});
    return inspectionText(inspect(model)).split("\n").slice(3, 4);
  };
  assertEquals(await linesOf("GPT2Model"), ["body           its final norm is an output"]);
  assertEquals(await linesOf("GPT2LMHeadModel"), [
    `head           logits: ${lm.replace(" ", ", reads ")}`,
  ]);
});

Deno.test("convert() leaves the final norm of a body its gain, and invents no head", async () => {
  const model = await withHeads("gpt2", { architectures: ["GPT2Model"] }, {});
  for (const to of ["pre-rmsnorm", "weightless", "pre-ln"] as const) {
    const { tensors } = convert(model, { to });
    assertEquals([tensors.has("transformer.ln_f.weight"), tensors.has("lm_head.weight")], [
      true,
      false,
    ]);
  }
});

Deno.test("describeModel() refuses a pooling that EuroBERT does not have, and masked images of BEiT whose norms are swapped", async () => {
  using bert = await openGoldenHead("eurobert-sequence");
  using beit = await openGoldenHead("beit-masked");
  const cases = [
    [bert.model, { classifier_pooling: "max" }, "it must be bos, mean or late"],
    [beit.model, { use_mean_pooling: false }, "transformers swaps their two norms"],
  ] as const;
  for (const [{ family, config, tensors }, change, why] of cases) {
    assertThrows(() => describeModel(family, { ...config, ...change }, tensors), RangeError, why);
  }
});

Deno.test("forward() of BART's classifier says where the end of its source is missing or has no row", async () => {
  using golden = await openGoldenHead("bart-sequence");
  const { model, inputs } = golden;
  const without = { ...inputs, source: inputs.source!.map((token) => token === 2 ? 3 : token) };
  await assertRejects(
    () => outputsOf(float64, model, without),
    RangeError,
    "Cannot read where the source ends: it has no token 2",
  );
  await assertRejects(
    () => outputsOf(float64, model, { ...inputs, tokens: inputs.tokens!.slice(0, 6) }),
    RangeError,
    "Cannot read the row 6 where the source ends: the decoder has 6",
  );
});
