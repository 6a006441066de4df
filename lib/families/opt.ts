// OPT: learned positions whose table starts with two rows that are not used.

import type { Block, ModelSpec } from "../model/spec.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionBranch,
  languageModel,
  layerNormAt,
  layersOf,
  linearAt,
  networkBranch,
  prefixOf,
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./parts.ts";
import { activationIn, countIn, flagIn, headsIn, unknownSetting } from "./settings.ts";

const eps = 1e-5;

function block(config: Config, path: string): Block {
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const headWidth = width / heads;
  return {
    parallel: false,
    branches: [
      attentionBranch(layerNormAt(`${path}.self_attn_layer_norm`, eps), {
        projections: projectionsAt(`${path}.self_attn`),
        output: linearAt(`${path}.self_attn.out_proj`),
        heads,
        headWidth,
      }),
      networkBranch(layerNormAt(`${path}.final_layer_norm`, eps), {
        up: linearAt(`${path}.fc1`),
        output: linearAt(`${path}.fc2`),
        activation: activationIn(config, ["activation_function"], "relu"),
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  if (!flagIn(config, "do_layer_norm_before", true)) {
    throw unknownSetting(
      "do_layer_norm_before",
      false,
      "this model (OPT-350m) is Post-LN: its norms stand behind the additions, so the stream itself is normalized and " +
        "what writes to it cannot be centered once and for all",
    );
  }
  const width = countIn(config, ["hidden_size"]);
  const embedded = countIn(config, ["word_embed_proj_dim"], width);
  if (embedded !== width) {
    throw unknownSetting("word_embed_proj_dim", embedded, `it must be hidden_size = ${width}`);
  }
  const prefix = prefixOf(has, "embed_tokens.weight", ["model.decoder.", "decoder.", ""]);
  const table = `${prefix}embed_tokens.weight`;
  const final = !flagIn(config, "_remove_final_layer_norm", false);
  return languageModel(config, {
    table,
    width,
    entry: tokenEntry(table, { positions: `${prefix}embed_positions.weight`, offset: 2 }),
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(config, `${prefix}layers.${index}`),
    ),
    ...(final ? { final: layerNormAt(`${prefix}final_layer_norm`, eps) } : {}),
  });
}

/** OPT, but for OPT-350m, which is Post-LN. */
export const opt: Family = { id: "opt", label: "OPT", describe, untie: untieWordEmbeddings };
