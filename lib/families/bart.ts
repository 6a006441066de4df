// BART and what came of it: an encoder and a decoder that share their token table, Post-LN or Pre-LN.

import type {
  ActivationName,
  Attention,
  Block,
  Branch,
  ModelSpec,
  Sinusoids,
  Stack,
} from "../model/spec.ts";
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
import { activationIn, countIn, flagIn, headsIn, numberIn } from "./settings.ts";

const eps = 1e-5;

const sides = ["encoder", "decoder"] as const;
type Side = typeof sides[number];

/** In what families of this kind differ. */
interface Manner {
  readonly id: string;
  readonly label: string;
  /** Where norms stand: before sub-layers, with one more at the end, or behind them. */
  readonly place: "input" | "stream";
  /** Whether there is a norm between the entry and the first layer. */
  readonly entryNorm: boolean;
  /** The row of the first position. */
  readonly offset: number;
  /** Positions that are computed where no table of them is stored. */
  sinusoids?(config: Config, width: number): Sinusoids;
  /** Tokens that have no place. */
  padding?(config: Config): number;
  /** Whether embeddings are multiplied by the root of the width where it is not written. */
  readonly scaled?: boolean;
  /** The function of the networks where it is not written. */
  readonly activation?: ActivationName;
}

/** The norm at a sub-layer of a name. */
const normAt = ({ place }: Manner, path: string): Branch["norms"] => ({
  [place]: layerNormAt(`${path}_layer_norm`, eps),
});

function attention(
  config: Config,
  side: Side,
  path: string,
  others: Partial<Attention>,
): Attention {
  const width = countIn(config, ["d_model"]);
  const heads = headsIn(config, [`${side}_attention_heads`], width);
  return attentionOf({
    projections: projectionsAt(path),
    heads,
    headWidth: width / heads,
    ...others,
    output: linearAt(`${path}.out_proj`),
  });
}

function block(manner: Manner, config: Config, side: Side, path: string): Block {
  const own = attention(config, side, `${path}.self_attn`, { causal: side === "decoder" });
  const cross = attention(config, side, `${path}.encoder_attn`, {
    causal: false,
    memory: "encoder",
  });
  const network = networkOf({
    up: linearAt(`${path}.fc1`),
    output: linearAt(`${path}.fc2`),
    activation: activationIn(config, ["activation_function"], manner.activation ?? "gelu"),
  });
  return {
    parallel: false,
    branches: [
      branch(normAt(manner, `${path}.self_attn`), own),
      ...(side === "decoder" ? [branch(normAt(manner, `${path}.encoder_attn`), cross)] : []),
      branch(normAt(manner, `${path}.final`), network),
    ],
  };
}

/** The table of all tokens, and that of a side where no other is there, or where the head does not share it. */
const tablesOf = (prefix: string, side: Side): readonly [shared: string, own: string] => [
  `${prefix}shared.weight`,
  `${prefix}${side}.embed_tokens.weight`,
];

/** The table that a side reads. */
function tableOf(config: Config, has: Has, side: Side, prefix: string): string {
  const [shared, own] = tablesOf(prefix, side);
  const isShared = has(shared) && flagIn(config, "tie_word_embeddings", true);
  return has(own) && !isShared ? own : shared;
}

function stack(manner: Manner, config: Config, has: Has, side: Side, prefix: string): Stack {
  const width = countIn(config, ["d_model"]);
  const path = `${prefix}${side}`;
  const positions = `${path}.embed_positions.weight`;
  const isComputed = manner.sinusoids !== undefined && !has(positions);
  const isPre = manner.place === "input";
  const { pad_token_id: untrained } = config;
  const table = tableOf(config, has, side, prefix);
  const [shared, untied] = tablesOf(prefix, side);
  return {
    width,
    entry: tokenEntry(table, {
      ...(table === shared ? { untied } : {}),
      ...(isComputed ? { sinusoids: manner.sinusoids!(config, width) } : { positions }),
      offset: manner.offset,
      ...(manner.padding === undefined ? {} : { padding: manner.padding(config) }),
      ...(typeof untrained === "number" ? { untrained } : {}),
      scale: flagIn(config, "scale_embedding", manner.scaled ?? false) ? Math.sqrt(width) : 1,
      source: side === "encoder",
    }),
    ...(manner.entryNorm ? { entryNorm: layerNormAt(`${path}.layernorm_embedding`, eps) } : {}),
    recenter: false,
    residual: isPre ? preLn : postLn,
    blocks: layersOf(
      countIn(config, [`${side}_layers`]),
      has,
      (index) => block(manner, config, side, `${path}.layers.${index}`),
    ),
    ...(isPre ? { final: layerNormAt(`${path}.layer_norm`, eps) } : {}),
  };
}

function describe(manner: Manner, config: Config, has: Has): ModelSpec {
  const body = ["shared.weight", "decoder.embed_tokens.weight"].find((table) =>
    ["model.", ""].some((prefix) => has(`${prefix}${table}`))
  );
  const prefix = prefixOf(has, body ?? "shared.weight", ["model.", ""]);
  const bias = "final_logits_bias";
  const positions = sides.map((side) => `${prefix}${side}.embed_positions.weight`);
  const [shared, own] = tablesOf(prefix, "decoder");
  const table = tableOf(config, has, "decoder", prefix);
  return {
    stacks: {
      encoder: stack(manner, config, has, "encoder", prefix),
      decoder: stack(manner, config, has, "decoder", prefix),
    },
    ...languageHead(config, table, { bias }),
    unread: table === own && has(shared) ? [shared] : [],
    frozen: [bias, ...(manner.sinusoids === undefined ? [] : positions)],
  };
}

const post = { place: "stream", offset: 2 } as const;
const pre = { place: "input", entryNorm: false } as const;

const manners: readonly Manner[] = [
  { id: "bart", label: "BART", ...post, entryNorm: true },
  { id: "plbart", label: "PLBart", ...post, entryNorm: true, scaled: true },
  {
    id: "marian",
    label: "Marian",
    ...post,
    entryNorm: false,
    offset: 0,
    sinusoids: (_, width) => ({ steps: width / 2 }),
  },
  { id: "mbart", label: "mBART", ...pre, entryNorm: true, offset: 2 },
  {
    id: "m2m_100",
    label: "M2M100",
    ...pre,
    offset: 2,
    sinusoids: (_, width) => ({ steps: width / 2 - 1 }),
    padding: (config) => numberIn(config, ["pad_token_id"], 1),
    scaled: true,
    activation: "relu",
  },
  {
    id: "pegasus",
    label: "Pegasus",
    ...pre,
    offset: 0,
    sinusoids: (_, width) => ({ steps: width / 2 }),
  },
  { id: "blenderbot", label: "Blenderbot", ...pre, offset: 0 },
];

/** BART, PLBart, Marian, mBART, M2M100 with NLLB, Pegasus and Blenderbot. */
export const bartLike: readonly Family[] = manners.map((manner) => ({
  id: manner.id,
  label: manner.label,
  describe: (config, has) => describe(manner, config, has),
  untie: untieWordEmbeddings,
}));
