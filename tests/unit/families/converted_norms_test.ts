// The norms of a converted model in its configuration.

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  isCompressed,
  isTied,
  mapNorms,
  mapStacks,
  streamNormOf,
} from "../../../lib/model/spec.ts";
import {
  applyConvertedNorms,
  type ConvertedNorms,
  convertedNormsOf,
  withConvertedNorms,
} from "../../../lib/families/converted_norms.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";

const norms: ConvertedNorms = { norm: "crms", centered: true, recenter: ["decoder"] };

Deno.test("withConvertedNorms() and convertedNormsOf() write and read what a conversion changed", () => {
  const config = withConvertedNorms({ model_type: "gpt2" }, norms);
  assertEquals(config, { model_type: "gpt2", normkit: { format: 1, ...norms } });
  assertEquals(convertedNormsOf(config), { format: 1, ...norms } as ConvertedNorms);
  assertEquals(convertedNormsOf({ model_type: "gpt2" }), undefined);
});

Deno.test("convertedNormsOf() refuses a later format, and what records no conversion", () => {
  const { message } = assertThrows(
    () => convertedNormsOf({ normkit: { format: 2, ...norms } }),
    RangeError,
  );
  assertEquals(message, "Cannot read a converted model of format 2: this version knows 1");
  for (
    const wrong of [
      { norm: "batch", centered: true, recenter: [] },
      { norm: "rms", recenter: [] },
      { norm: "rms", centered: "yes", recenter: [] },
      { norm: "rms", centered: true },
      { ...norms, eps: null },
      { ...norms, eps: [1e-5] },
      { ...norms, centered: "x".repeat(1e6) },
      {},
    ]
  ) {
    const refused = assertThrows(
      () => convertedNormsOf({ normkit: { format: 1, ...wrong } }),
      RangeError,
    );
    assert(refused.message.startsWith("Cannot use normkit = {"), refused.message);
    assert(refused.message.length < 300);
  }
  for (const eps of ["1e-5", 0, -1, 1e-60, null]) {
    assertThrows(
      () => convertedNormsOf({ normkit: { format: 1, ...norms, eps: { "norm.gain": eps } } }),
      RangeError,
      "Cannot use norm.gain",
    );
  }
  for (const wrong of [null, 5, "x", [], {}, { ...norms, format: "1" }]) {
    assertThrows(() => convertedNormsOf({ normkit: wrong }), RangeError, "Cannot use normkit = ");
  }
});

Deno.test("mapNorms() changes what reads the streams, and no other norm", async () => {
  using qwen = await openGolden("qwen3");
  const changed = mapNorms(qwen.spec, (norm) => ({ ...norm, eps: 7 }));
  const { blocks, final } = changed.stacks["decoder"]!;
  assertEquals(final!.eps, 7);
  assertEquals(blocks.flatMap(({ branches }) => branches.map((one) => streamNormOf(one)!.eps)), [
    7,
    7,
    7,
    7,
  ]);
  const attention = blocks[0]!.branches[0]!.sublayer;
  assertEquals(attention.kind === "attention" && attention.headNorms!.q.eps, 1e-6);
  using bloom = await openGolden("bloom");
  const { decoder } = mapNorms(bloom.spec, (norm) => ({ ...norm, eps: 7 })).stacks;
  assertEquals(decoder!.entryNorm!.eps, 1e-3);
  const { decoder: without } =
    mapNorms(normkitModel({ ...small, ends: [] }).spec, (norm) => norm).stacks;
  assertEquals(Object.hasOwn(without!, "final"), false);
});

Deno.test("mapStacks() hands on the names", async () => {
  using clip = await openGolden("clip");
  const names: string[] = [];
  mapStacks(clip.spec, (stack, name) => (names.push(name), stack));
  assertEquals(names, ["vision", "text"]);
});

Deno.test("isTied() is true of the token table alone", async () => {
  using whisper = await openGolden("whisper");
  assertEquals(isTied(whisper.spec, "model.decoder.embed_tokens.weight"), true);
  assertEquals(isTied(whisper.spec, "model.decoder.embed_positions.weight"), false);
  assertEquals(isTied(whisper.spec, "proj_out.weight"), false);
});

Deno.test("applyConvertedNorms() changes norms, widths, subtracted means and ε", async () => {
  using whisper = await openGolden("whisper");
  const { stacks, heads } = applyConvertedNorms(whisper.spec, {
    norm: "crms",
    centered: true,
    recenter: ["encoder"],
    eps: { "model.decoder.layer_norm.weight": 0.5 },
  });
  const { encoder, decoder } = stacks;
  assertEquals([encoder!.width, decoder!.width], [15, 15]);
  assertEquals([encoder!.recenter, decoder!.recenter], [true, false]);
  assertEquals([encoder!.final!.eps, decoder!.final!.eps], [1e-5, 0.5]);
  assertEquals([isCompressed(encoder!), isCompressed(whisper.spec.stacks["encoder"]!)], [
    true,
    false,
  ]);
  assertEquals(heads.map(({ plusSum }) => plusSum), [true]); // it is tied
  const rms = applyConvertedNorms(whisper.spec, { norm: "rms", centered: true, recenter: [] });
  assertEquals([rms.stacks["decoder"]!.width, rms.heads[0]!.plusSum], [16, undefined]);
});

Deno.test("applyConvertedNorms() of a decoder that was trained with CRMSNorm goes from its d − 1 values", () => {
  const { spec } = normkitModel({ ...small, norm: "crms", tied: true });
  const widths = (["layer", "rms", "crms"] as const).map((norm) => {
    const made = applyConvertedNorms(spec, { norm, centered: true, recenter: [] });
    return [made.stacks["decoder"]!.width, made.heads[0]!.plusSum];
  });
  assertEquals(widths, [[7, undefined], [7, undefined], [6, undefined]]);
});
