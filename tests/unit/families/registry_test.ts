// All families by their type.

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Config } from "../../../lib/families/family.ts";
import { refusedFamilies } from "../../../lib/families/refused.ts";
import { families, findFamily } from "../../../lib/families/registry.ts";

/** The types of models that are described. */
const known = `
normkit
openai-gpt gpt2 gpt_bigcode gpt_neo gptj codegen gpt_neox opt biogpt xglm bloom falcon mpt
llama mistral mixtral phimoe qwen2 qwen3 qwen2_moe qwen3_moe olmoe phi3 smollm3 seed_oss granite glm glm4 helium
gemma gemma2 gemma3_text olmo olmo2 olmo3 exaone4
phi stablelm cohere cohere2 starcoder2 nemotron jais2 persimmon
roberta-prelayernorm xlm-roberta-xl megatron-bert esm modernbert eurobert
bert roberta xlm-roberta distilbert bart plbart marian mbart m2m_100 pegasus blenderbot
t5 mt5
vit deit dinov2 dinov2_with_registers dinov3_vit vit_msn vit_mae ijepa beit data2vec-vision
audio-spectrogram-transformer vivit videomae
clip clip_text_model clip_vision_model siglip siglip_text_model siglip_vision_model
whisper
wav2vec2 hubert wavlm unispeech unispeech-sat data2vec-audio
`.trim().split(/\s+/);

Deno.test("findFamily() finds every family by its model_type", () => {
  assertEquals(families.map(({ id }) => id).toSorted(), known.toSorted());
  for (const id of known) assertEquals(findFamily({ model_type: id }).id, id);
});

Deno.test("findFamily() names what it knows where it knows no such type", () => {
  const messageOf = (config: Config): string =>
    assertThrows(() => findFamily(config), RangeError).message;
  const all = families.map(({ id }) => id).join(", ");
  assertEquals(
    messageOf({ model_type: "gpt9" }),
    `Cannot use a model of type "gpt9": known are ${all}`,
  );
  const without = "Cannot use a config.json without model_type";
  assertEquals(messageOf({}), `${without}: it must be one of ${all}`);
  assertEquals(
    messageOf({ architectures: ["GPT2LMHeadModel"] }),
    `${without}, of ["GPT2LMHeadModel"]: it must be one of ${all}`,
  );
});

const overChannels =
  "it is a convolutional network, no Transformer: it normalizes channels over a batch, and has no residual stream whose rows are normalized";

const joined =
  "it joins models of other types, which can be inspected one by one where they are stored by themselves";

const refusals: Readonly<Record<string, readonly [label: string, reason: string]>> = {
  "albert": [
    "ALBERT",
    "all its layers share the weights of one, and a conversion of one would change all",
  ],
  "deberta": [
    "DeBERTa",
    "its attention adds scores of relative positions, which are not described",
  ],
  "deberta-v2": [
    "DeBERTa-v2",
    "its attention adds scores of relative positions, which are not described",
  ],
  "electra": [
    "ELECTRA",
    "its embeddings are normalized before they are projected into the stream, which is not described",
  ],
  "rembert": [
    "RemBERT",
    "its embeddings are normalized before they are projected into the stream, which is not described",
  ],
  "gemma3": [
    "Gemma 3 with images",
    "it reads images and text in one stream, which is not described; its models of text alone (gemma3_text) are",
  ],
  "hiera": ["Hiera", "its streams change their width from layer to layer"],
  "convnext": ["ConvNeXt", "its streams change their width from layer to layer"],
  "convnextv2": ["ConvNeXt v2", "its streams change their width from layer to layer"],
  "resnet": ["ResNet", overChannels],
  "regnet": ["RegNet", overChannels],
  "efficientnet": ["EfficientNet", overChannels],
  "mobilenet_v1": ["MobileNet", overChannels],
  "mobilenet_v2": ["MobileNet v2", overChannels],
  "encoder-decoder": ["encoder–decoder of two models", joined],
  "vision-encoder-decoder": ["encoder–decoder of an image and a text model", joined],
  "speech-encoder-decoder": ["encoder–decoder of a sound and a text model", joined],
  "vision-text-dual-encoder": ["pair of an image and a text model", joined],
  "musicgen": ["MusicGen", joined],
  "llava": ["LLaVA", joined],
  "paligemma": ["PaliGemma", joined],
  "yolos": ["YOLOS", "it adds positions between its layers, which is not described"],
  "vjepa2": ["V-JEPA 2", "its heads turn by frames, rows and columns, which is not described"],
  "dpt": ["DPT", "its head reads the streams of several layers, which is not described"],
  "blip_vision_model": [
    "BLIP of images",
    "its pooler normalizes what is normalized already, which is not described",
  ],
  "altclip": [
    "AltCLIP",
    "its text is read by another encoder, with maps of its own behind, which is not described",
  ],
  "mobilebert": [
    "MobileBERT",
    "its layers narrow the stream before attention, which is not described",
  ],
  "nystromformer": [
    "Nyströmformer",
    "its attention is approximated by landmarks, which is not described",
  ],
  "speech_to_text": [
    "Speech2Text",
    "the convolutions of its sounds have gates, which is not described",
  ],
};

Deno.test("findFamily() refuses families that are known not to work, and says why", () => {
  assertEquals(refusedFamilies.map(({ id }) => id), Object.keys(refusals));
  for (const [type, [label, reason]] of Object.entries(refusals)) {
    const { message } = assertThrows(() => findFamily({ model_type: type }), RangeError);
    assertEquals(message, `Cannot use a ${label} model: ${reason}`);
  }
});

Deno.test("no family is both known and refused", () => {
  assert(families.every(({ id }) => !Object.hasOwn(refusals, id)));
});
