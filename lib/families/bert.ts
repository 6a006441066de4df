// BERT and RoBERTa: Post-LN encoders of tokens, with learned positions and segments behind a norm, and heads that guess masked tokens.

import type { Block, Head, ModelSpec } from "../model/spec.ts";
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
import {
  activationIn,
  countIn,
  epsIn,
  flagIn,
  headsIn,
  numberIn,
  unknownSetting,
} from "./settings.ts";

/** In what families of this kind differ. */
interface Kind {
  readonly id: string;
  readonly label: string;
  /** The first words of the body's names. */
  readonly prefix: string;
  /** The row of the position table that the first token takes. */
  offset(config: Config): number;
  /** The head's matrix and bias, and the paths of what stands before them. */
  readonly head: Readonly<Record<"path" | "bias" | "dense" | "norm", string>>;
}

const epsOf = (config: Config): number => epsIn(config, ["layer_norm_eps"], 1e-12);

function block(config: Config, path: string): Block {
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const norm = (name: string) => ({
    stream: layerNormAt(`${path}.${name}.LayerNorm`, epsOf(config)),
  });
  const attention = attentionOf({
    projections: projectionsAt(`${path}.attention.self`, ["query", "key", "value"]),
    output: linearAt(`${path}.attention.output.dense`),
    heads,
    headWidth: width / heads,
    causal: flagIn(config, "is_decoder", false),
  });
  const network = networkOf({
    up: linearAt(`${path}.intermediate.dense`),
    output: linearAt(`${path}.output.dense`),
    activation: activationIn(config, ["hidden_act"], "gelu"),
  });
  return {
    parallel: false,
    branches: [
      branch(norm("attention.output"), attention),
      branch(norm("output"), network),
    ],
  };
}

/** A head that guesses tokens; a body alone has none. */
function headOf(
  kind: Kind,
  config: Config,
  has: Has,
  table: string,
): Pick<ModelSpec, "heads" | "untied"> {
  const { path, bias, dense, norm } = kind.head;
  const linear = linearAt(dense);
  if (!has(linear.weight)) return { heads: [] };
  const transform: Head["transform"] = {
    linear,
    activation: kind.id === "bert" ? activationIn(config, ["hidden_act"], "gelu") : "gelu",
    norm: layerNormAt(norm, epsOf(config)),
  };
  return languageHead(config, table, { path, bias, transform, stack: "encoder" });
}

function requirePlain(config: Config): void {
  const { position_embedding_type: type = "absolute", add_cross_attention: crossed } = config;
  if (type !== "absolute") {
    throw unknownSetting("position_embedding_type", type, 'only "absolute" is described');
  }
  if (crossed === true) {
    throw unknownSetting("add_cross_attention", true, "cross-attention is not described");
  }
}

function describe(kind: Kind, config: Config, has: Has): ModelSpec {
  requirePlain(config);
  const prefix = prefixOf(has, "embeddings.word_embeddings.weight", [kind.prefix, ""]);
  const at = (name: string): string => `${prefix}embeddings.${name}`;
  const table = at("word_embeddings.weight");
  return {
    stacks: {
      encoder: {
        width: countIn(config, ["hidden_size"]),
        entry: tokenEntry(table, {
          positions: at("position_embeddings.weight"),
          offset: kind.offset(config),
          segments: at("token_type_embeddings.weight"),
        }),
        entryNorm: layerNormAt(at("LayerNorm"), epsOf(config)),
        recenter: false,
        residual: postLn,
        blocks: layersOf(
          countIn(config, ["num_hidden_layers"]),
          has,
          (index) => block(config, `${prefix}encoder.layer.${index}`),
        ),
      },
    },
    ...headOf(kind, config, has, table),
  };
}

/** RoBERTa's names, and its positions, which start behind the padding token's. */
const robertaKind = {
  prefix: "roberta.",
  offset: (config: Config) => numberIn(config, ["pad_token_id"], 1) + 1,
  head: {
    path: "lm_head.decoder",
    bias: "lm_head.bias",
    dense: "lm_head.dense",
    norm: "lm_head.layer_norm",
  },
};

const kinds: readonly Kind[] = [
  {
    id: "bert",
    label: "BERT",
    prefix: "bert.",
    offset: () => 0,
    head: {
      path: "cls.predictions.decoder",
      bias: "cls.predictions.bias",
      dense: "cls.predictions.transform.dense",
      norm: "cls.predictions.transform.LayerNorm",
    },
  },
  { id: "roberta", label: "RoBERTa", ...robertaKind },
  { id: "xlm-roberta", label: "XLM-RoBERTa", ...robertaKind },
];

/** BERT, RoBERTa and XLM-RoBERTa. */
export const bertLike: readonly Family[] = kinds.map((kind) => ({
  id: kind.id,
  label: kind.label,
  describe: (config, has) => describe(kind, config, has),
  untie: untieWordEmbeddings,
}));
