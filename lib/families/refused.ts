// Families that are known and not described, with the reason.

import type { RefusedFamily } from "./family.ts";

const sharedLayers =
  "all its layers share the weights of one, and a conversion of one would change all";

const relative = "its attention adds scores of relative positions, which are not described";

const pictures =
  "it reads images and text in one stream, which is not described; its models of text alone (gemma3_text) are";

const narrowNorm =
  "its embeddings are normalized before they are projected into the stream, which is not described";

const changing = "its streams change their width from layer to layer";

const between = "it adds positions between its layers, which is not described";

const volumes = "its heads turn by frames, rows and columns, which is not described";

const several = "its head reads the streams of several layers, which is not described";

const twice = "its pooler normalizes what is normalized already, which is not described";

const foreign =
  "its text is read by another encoder, with maps of its own behind, which is not described";

const bottlenecks = "its layers narrow the stream before attention, which is not described";

const landmarks = "its attention is approximated by landmarks, which is not described";

const overChannels =
  "it is a convolutional network, no Transformer: it normalizes channels over a batch, and has no residual stream whose rows are normalized";

const joined =
  "it joins models of other types, which can be inspected one by one where they are stored by themselves";

const gatedSounds = "the convolutions of its sounds have gates, which is not described";

const families: Readonly<Record<string, readonly (readonly [id: string, label: string])[]>> = {
  [sharedLayers]: [["albert", "ALBERT"]],
  [relative]: [["deberta", "DeBERTa"], ["deberta-v2", "DeBERTa-v2"]],
  [narrowNorm]: [["electra", "ELECTRA"], ["rembert", "RemBERT"]],
  [pictures]: [["gemma3", "Gemma 3 with images"]],
  [changing]: [["hiera", "Hiera"], ["convnext", "ConvNeXt"], ["convnextv2", "ConvNeXt v2"]],
  [overChannels]: [
    ["resnet", "ResNet"],
    ["regnet", "RegNet"],
    ["efficientnet", "EfficientNet"],
    ["mobilenet_v1", "MobileNet"],
    ["mobilenet_v2", "MobileNet v2"],
  ],
  [joined]: [
    ["encoder-decoder", "encoder–decoder of two models"],
    ["vision-encoder-decoder", "encoder–decoder of an image and a text model"],
    ["speech-encoder-decoder", "encoder–decoder of a sound and a text model"],
    ["vision-text-dual-encoder", "pair of an image and a text model"],
    ["musicgen", "MusicGen"],
    ["llava", "LLaVA"],
    ["paligemma", "PaliGemma"],
  ],
  [between]: [["yolos", "YOLOS"]],
  [volumes]: [["vjepa2", "V-JEPA 2"]],
  [several]: [["dpt", "DPT"]],
  [twice]: [["blip_vision_model", "BLIP of images"]],
  [foreign]: [["altclip", "AltCLIP"]],
  [bottlenecks]: [["mobilebert", "MobileBERT"]],
  [landmarks]: [["nystromformer", "Nyströmformer"]],
  [gatedSounds]: [["speech_to_text", "Speech2Text"]],
};

/** Families of text, images and sounds that have what no spec describes. */
export const refusedFamilies: readonly RefusedFamily[] = Object.entries(families).flatMap((
  [refusal, members],
) => members.map(([id, label]) => ({ id, label, refusal })));
