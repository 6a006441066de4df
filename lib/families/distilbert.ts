// DistilBERT: a Post-LN encoder like BERT's, without segments.

import type { Block, ModelSpec, NormSpec } from "../model/spec.ts";
import { postLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionOf,
  branch,
  languageHead,
  layerNormAt,
  layersOf,
  linearAt,
  networkOf,
  prefixOf,
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { activationIn, countIn, headsIn } from "./settings.ts";

const norm = (path: string): NormSpec => layerNormAt(path, 1e-12);

function block(config: Config, path: string): Block {
  const width = countIn(config, ["dim"]);
  const heads = headsIn(config, ["n_heads"], width);
  const attention = attentionOf({
    projections: projectionsAt(`${path}.attention`, ["q_lin", "k_lin", "v_lin"]),
    output: linearAt(`${path}.attention.out_lin`),
    heads,
    headWidth: width / heads,
    causal: false,
  });
  const network = networkOf({
    up: linearAt(`${path}.ffn.lin1`),
    output: linearAt(`${path}.ffn.lin2`),
    activation: activationIn(config, ["activation"], "gelu"),
  });
  return {
    parallel: false,
    branches: [
      branch({ stream: norm(`${path}.sa_layer_norm`) }, attention),
      branch({ stream: norm(`${path}.output_layer_norm`) }, network),
    ],
  };
}

/** A head that guesses tokens; a body alone has none. */
function headOf(config: Config, has: Has, table: string): Pick<ModelSpec, "heads" | "untied"> {
  const linear = linearAt("vocab_transform");
  if (!has(linear.weight)) return { heads: [] };
  const transform = {
    linear,
    activation: activationIn(config, ["activation"], "gelu"),
    norm: norm("vocab_layer_norm"),
  };
  return languageHead(config, table, { path: "vocab_projector", transform, stack: "encoder" });
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "embeddings.word_embeddings.weight", ["distilbert.", ""]);
  const at = (name: string): string => `${prefix}embeddings.${name}`;
  const table = at("word_embeddings.weight");
  return {
    stacks: {
      encoder: {
        width: countIn(config, ["dim"]),
        entry: tokenEntry(table, { positions: at("position_embeddings.weight") }),
        entryNorm: norm(at("LayerNorm")),
        recenter: false,
        residual: postLn,
        blocks: layersOf(
          countIn(config, ["n_layers"]),
          has,
          (index) => block(config, `${prefix}transformer.layer.${index}`),
        ),
      },
    },
    ...headOf(config, has, table),
  };
}

/** DistilBERT. */
export const distilbert: Family = {
  id: "distilbert",
  label: "DistilBERT",
  describe,
  untie: untieWordEmbeddings,
};
