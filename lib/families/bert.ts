// BERT and its kin: encoders of tokens with heads that guess masked tokens, Post-LN, or Pre-LN with a norm at the end.

import type { Block, Entry, Head, ModelSpec, NormSpec } from "../model/spec.ts";
import { postLn, preLn } from "../residual/variants.ts";
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
import { rotaryIn } from "./rotary.ts";

/** In what families of this kind differ. */
interface Kind {
  readonly id: string;
  readonly label: string;
  /** The first words of the body's names. */
  readonly prefix: string;
  /** ε where the configuration has none; 1e-12 unless given. */
  readonly eps?: number;
  /** The row of the position table that the first token takes. */
  offset(config: Config): number;
  /** The norms of a layer by their paths, after attention and network, or before them where there is one at the end. */
  readonly norms: Readonly<Record<"attention" | "network", string>>;
  /** The norm at the end of a Pre-LN encoder. */
  readonly final?: string;
  /** The norm of the embeddings; none where it is absent. */
  readonly entryNorm?: string;
  /** Whether heads may turn with their places, and masked tokens be dropped (ESM). */
  readonly isEsm?: boolean;
  /** The head's matrix and bias, and the paths of what stands before them. */
  readonly head: Readonly<Record<"path" | "bias" | "dense" | "norm", string>>;
}

const epsOf = (config: Config, { eps = 1e-12 }: Kind): number =>
  epsIn(config, ["layer_norm_eps"], eps);

/** Whether heads turn with their places, in the place of position embeddings. */
function isRotary(config: Config, { isEsm }: Kind): boolean {
  const type = config["position_embedding_type"] ?? "absolute";
  if (type === "absolute") return false;
  if (isEsm === true && type === "rotary") return true;
  const allowed = isEsm === true ? '"absolute" or "rotary"' : '"absolute"';
  throw unknownSetting("position_embedding_type", type, `only ${allowed} is described`);
}

function block(kind: Kind, config: Config, path: string): Block {
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const place = kind.final === undefined ? "stream" : "input";
  const norm = (name: "attention" | "network") => ({
    [place]: layerNormAt(`${path}.${kind.norms[name]}`, epsOf(config, kind)),
  });
  const attention = attentionOf({
    projections: projectionsAt(`${path}.attention.self`, ["query", "key", "value"]),
    output: linearAt(`${path}.attention.output.dense`),
    heads,
    headWidth: width / heads,
    causal: flagIn(config, "is_decoder", false),
    ...(isRotary(config, kind) ? { rotary: rotaryIn(config, width / heads) } : {}),
  });
  const network = networkOf({
    up: linearAt(`${path}.intermediate.dense`),
    output: linearAt(`${path}.output.dense`),
    activation: activationIn(config, ["hidden_act"], "gelu"),
  });
  return {
    parallel: false,
    branches: [
      branch(norm("attention"), attention),
      branch(norm("network"), network),
    ],
  };
}

/** Whether the head has a bias under its own path, which transformers reads once its matrix is not the table. */
function hasOwnBias({ head: { path } }: Kind, config: Config, has: Has): boolean {
  return !flagIn(config, "tie_word_embeddings", true) && has(`${path}.bias`);
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
    activation: kind.head === bertHead ? activationIn(config, ["hidden_act"], "gelu") : "gelu",
    norm: layerNormAt(norm, epsOf(config, kind)),
  };
  const given = hasOwnBias(kind, config, has) ? {} : { bias };
  const { heads } = languageHead(config, table, { path, ...given, transform, stack: "encoder" });
  // beside a matrix of its own the bias has another name, but in ESM
  return { heads, untied: { ...linearAt(path), ...(kind.isEsm === true ? { bias } : {}) } };
}

const undescribed = { add_cross_attention: "cross-attention", is_folding_model: "folding" };

function requirePlain(config: Config): void {
  for (const [key, what] of Object.entries(undescribed)) {
    if (flagIn(config, key, false)) throw unknownSetting(key, true, `${what} is not described`);
  }
}

/** The share of tokens that were masked in ESM's training. */
const maskedShare = 0.15 * 0.8;

function entryOf(kind: Kind, config: Config, prefix: string): Entry {
  const at = (name: string): string => `${prefix}embeddings.${name}`;
  const offset = kind.offset(config);
  const uncounted = offset === 0 ? {} : { padding: offset - 1 };
  const isDropped = kind.isEsm === true && flagIn(config, "token_dropout", false);
  return tokenEntry(at("word_embeddings.weight"), {
    ...(isRotary(config, kind)
      ? {}
      : { positions: at("position_embeddings.weight"), offset, ...uncounted }),
    ...(kind.isEsm === true ? {} : { segments: at("token_type_embeddings.weight") }),
    ...(isDropped
      ? { masked: { token: numberIn(config, ["mask_token_id"]), share: maskedShare } }
      : {}),
  });
}

/** The path of the norm of the embeddings. */
function entryNormOf({ isEsm, entryNorm }: Kind, config: Config): string | undefined {
  const isThere = isEsm !== true || flagIn(config, "emb_layer_norm_before", false);
  return isThere ? entryNorm : undefined;
}

function describe(kind: Kind, config: Config, has: Has): ModelSpec {
  requirePlain(config);
  const prefix = prefixOf(has, "embeddings.word_embeddings.weight", [kind.prefix, ""]);
  const norm = (path: string): NormSpec => layerNormAt(`${prefix}${path}`, epsOf(config, kind));
  const entryNorm = entryNormOf(kind, config);
  const contacts = linearAt(`${prefix}contact_head.regression`);
  return {
    stacks: {
      encoder: {
        width: countIn(config, ["hidden_size"]),
        entry: entryOf(kind, config, prefix),
        ...(entryNorm === undefined ? {} : { entryNorm: norm(entryNorm) }),
        recenter: false,
        ...(kind.final === undefined
          ? { residual: postLn }
          : { residual: preLn, final: norm(kind.final) }),
        blocks: layersOf(
          countIn(config, ["num_hidden_layers"]),
          has,
          (index) => block(kind, config, `${prefix}encoder.layer.${index}`),
        ),
      },
    },
    ...headOf(kind, config, has, `${prefix}embeddings.word_embeddings.weight`),
    unread: [
      ...[contacts.weight, contacts.bias].filter(has), // reads patterns of attention
      ...(hasOwnBias(kind, config, has) ? [kind.head.bias] : []),
    ],
  };
}

const bertHead = {
  path: "cls.predictions.decoder",
  bias: "cls.predictions.bias",
  dense: "cls.predictions.transform.dense",
  norm: "cls.predictions.transform.LayerNorm",
};

/** RoBERTa's names, and its positions, which start behind the padding token's. */
const robertaKind = {
  prefix: "roberta.",
  offset: (config: Config) => numberIn(config, ["pad_token_id"], 1) + 1,
  norms: { attention: "attention.output.LayerNorm", network: "output.LayerNorm" },
  entryNorm: "embeddings.LayerNorm",
  head: {
    path: "lm_head.decoder",
    bias: "lm_head.bias",
    dense: "lm_head.dense",
    norm: "lm_head.layer_norm",
  },
};

const bertKind = { ...robertaKind, prefix: "bert.", offset: () => 0, head: bertHead };

/** What Pre-LN encoders without a norm of their embeddings have of RoBERTa. */
const { entryNorm: _, ...bareKind } = robertaKind;

const kinds: readonly Kind[] = [
  { id: "bert", label: "BERT", ...bertKind },
  { id: "roberta", label: "RoBERTa", ...robertaKind },
  { id: "xlm-roberta", label: "XLM-RoBERTa", ...robertaKind },
  {
    id: "roberta-prelayernorm",
    label: "RoBERTa-PreLayerNorm",
    ...robertaKind,
    prefix: "roberta_prelayernorm.",
    norms: { attention: "attention.LayerNorm", network: "intermediate.LayerNorm" },
    final: "LayerNorm",
  },
  {
    id: "xlm-roberta-xl",
    label: "XLM-RoBERTa-XL",
    ...bareKind,
    eps: 1e-5,
    norms: { attention: "attention.self_attn_layer_norm", network: "LayerNorm" },
    final: "encoder.LayerNorm",
  },
  {
    id: "megatron-bert",
    label: "Megatron-BERT",
    ...bareKind,
    prefix: "bert.",
    offset: () => 0,
    head: bertHead,
    norms: { attention: "attention.ln", network: "ln" },
    final: "encoder.ln",
  },
  {
    id: "esm",
    label: "ESM-2",
    ...robertaKind,
    prefix: "esm.",
    norms: { attention: "attention.LayerNorm", network: "LayerNorm" },
    entryNorm: "embeddings.layer_norm",
    final: "encoder.emb_layer_norm_after",
    isEsm: true,
  },
];

/** BERT, RoBERTa, XLM-RoBERTa, and their Pre-LN kin. */
export const bertLike: readonly Family[] = kinds.map((kind) => ({
  id: kind.id,
  label: kind.label,
  describe: (config, has) => describe(kind, config, has),
  untie: untieWordEmbeddings,
}));
