// OPT: learned positions whose table starts with two rows that are not used. OPT-350m is Post-LN, with narrower token embeddings.

import type { Block, ModelSpec, NormSpec } from "../model/spec.ts";
import { postLn, preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionOf,
  branch,
  languageModel,
  layerNormAt,
  layersOf,
  linearAt,
  networkOf,
  prefixOf,
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { activationIn, countIn, flagIn, headsIn } from "./settings.ts";

const eps = 1e-5;

/** A LayerNorm under a path; in some models none has parameters. */
function normAt(config: Config, path: string): NormSpec {
  const affine = flagIn(config, "layer_norm_elementwise_affine", true);
  return affine ? layerNormAt(path, eps) : { kind: "layer", eps, gain: "", bias: "" };
}

const isPreLn = (config: Config): boolean => flagIn(config, "do_layer_norm_before", true);

function block(config: Config, path: string): Block {
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const headWidth = width / heads;
  const place = isPreLn(config) ? "input" : "stream";
  const attention = attentionOf({
    projections: projectionsAt(`${path}.self_attn`),
    output: linearAt(`${path}.self_attn.out_proj`),
    heads,
    headWidth,
  });
  const network = networkOf({
    up: linearAt(`${path}.fc1`),
    output: linearAt(`${path}.fc2`),
    activation: activationIn(config, ["activation_function"], "relu"),
  });
  return {
    parallel: false,
    branches: [
      branch({ [place]: normAt(config, `${path}.self_attn_layer_norm`) }, attention),
      branch({ [place]: normAt(config, `${path}.final_layer_norm`) }, network),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const width = countIn(config, ["hidden_size"]);
  const embedded = countIn(config, ["word_embed_proj_dim"], width);
  const prefix = prefixOf(has, "embed_tokens.weight", ["model.decoder.", "decoder.", ""]);
  const table = `${prefix}embed_tokens.weight`;
  const isNarrow = embedded !== width;
  const projection = { width: embedded, linear: linearAt(`${prefix}project_in`) };
  const final = isPreLn(config) && !flagIn(config, "_remove_final_layer_norm", false);
  return languageModel(config, {
    table,
    width,
    residual: isPreLn(config) ? preLn : postLn,
    entry: tokenEntry(table, {
      positions: `${prefix}embed_positions.weight`,
      offset: 2,
      ...(isNarrow ? { projection } : {}),
    }),
    head: isNarrow ? { transform: { linear: linearAt(`${prefix}project_out`) } } : {},
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(config, `${prefix}layers.${index}`),
    ),
    ...(final ? { final: normAt(config, `${prefix}final_layer_norm`) } : {}),
  });
}

/** OPT, OPT-350m among it. */
export const opt: Family = { id: "opt", label: "OPT", describe, untie: untieWordEmbeddings };
