// All families, and the way from a configuration to one.

import { excerpt } from "../core/excerpt.ts";
import { bartLike } from "./bart.ts";
import { bertLike } from "./bert.ts";
import { bloom } from "./bloom.ts";
import { clipLike } from "./clip.ts";
import { distilbert } from "./distilbert.ts";
import { factsOf, whyNotDescribed } from "./facts.ts";
import { falcon } from "./falcon.ts";
import type { Config, Family } from "./family.ts";
import { biogpt, xglm } from "./fairseq.ts";
import { gpt2, gptBigcode } from "./gpt2.ts";
import { gptNeo } from "./gpt_neo.ts";
import { gptNeox } from "./gpt_neox.ts";
import { codegen, gptj } from "./gptj.ts";
import { gemma, gemma2, gemma3 } from "./gemma.ts";
import {
  cohere,
  cohere2,
  jais2,
  nemotron,
  persimmon,
  phi,
  stablelm,
  starcoder2,
} from "./layer_norm_llamas.ts";
import {
  euroBert,
  glm,
  glm4,
  granite,
  helium,
  llama,
  mistral,
  phi3,
  qwen2,
  qwen3,
  seedOss,
  smollm3,
} from "./llama.ts";
import { mixtral, olmoe, phimoe, qwen2Moe, qwen3Moe } from "./mixtures.ts";
import { modernBert } from "./modernbert.ts";
import { mpt } from "./mpt.ts";
import { normkitFamily } from "./normkit.ts";
import { exaone4, olmo, olmo2, olmo3 } from "./olmo.ts";
import { openaiGpt } from "./openai_gpt.ts";
import { opt } from "./opt.ts";
import { refusedFamilies } from "./refused.ts";
import { excerptOf } from "./settings.ts";
import { mt5, t5 } from "./t5.ts";
import { visionFamilies } from "./vit.ts";
import { waveformFamilies } from "./wav2vec2.ts";
import { whisper } from "./whisper.ts";

/** The families that are described. */
export const families: readonly Family[] = [
  normkitFamily,
  ...[
    openaiGpt,
    gpt2,
    gptBigcode,
    opt,
    biogpt,
    xglm,
    gptNeox,
    gptj,
    codegen,
    phi,
    bloom,
    gptNeo,
    falcon,
    mpt,
  ],
  ...[llama, mistral, qwen2, qwen3, phi3, smollm3, seedOss, granite, glm, glm4, helium],
  ...[mixtral, phimoe, qwen2Moe, qwen3Moe, olmoe],
  ...[gemma, gemma2, gemma3, olmo, olmo2, olmo3, exaone4],
  ...[stablelm, cohere, cohere2, starcoder2, nemotron, jais2, persimmon],
  ...bertLike,
  ...[modernBert, euroBert],
  distilbert,
  ...bartLike,
  ...[t5, mt5],
  ...visionFamilies,
  ...clipLike,
  whisper,
  ...waveformFamilies,
];

/**
 * The family of a configuration.
 *
 * @param config A `config.json`.
 * @returns The family.
 * @throws {RangeError} If there is none, or it is refused; the message says why.
 */
export function findFamily(config: Config): Family {
  const type = config["model_type"];
  const refused = refusedFamilies.find(({ id }) => id === type);
  if (refused !== undefined) {
    throw new RangeError(`Cannot use a ${refused.label} model: ${refused.refusal}`);
  }
  const family = families.find(({ id }) => id === type);
  if (family !== undefined) return family;
  const facts = factsOf(config);
  if (facts !== undefined) {
    throw new RangeError(`Cannot use a ${facts.label} model: ${whyNotDescribed(facts)}`);
  }
  const known = families.map(({ id }) => id).join(", ");
  if (type === undefined) {
    const { architectures } = config;
    const of = architectures === undefined ? "" : `, of ${excerptOf(architectures)}`;
    throw new RangeError(
      `Cannot use a config.json without model_type${of}: it must be one of ${known}`,
    );
  }
  throw new RangeError(`Cannot use a model of type ${excerpt(String(type))}: known are ${known}`);
}
