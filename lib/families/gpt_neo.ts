// GPT-Neo: unscaled attention, in every other layer over a window.

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
} from "./spec_parts.ts";
import { activationIn, countIn, epsIn, headsIn, unknownSetting } from "./settings.ts";

/** Kinds of layers, `global` or `local`, and how often they follow each other. */
type Pattern = readonly [kinds: readonly string[], times: number];

function isPattern(value: unknown): value is Pattern {
  if (!Array.isArray(value)) return false;
  const [kinds, times] = value;
  return Array.isArray(kinds) && kinds.length > 0 && Number.isInteger(times) && times >= 0;
}

/** The kind of each layer: of a list, or of patterns, which are not written out. */
function layerKinds(config: Config, depth: number): (index: number) => string | undefined {
  const listed = config["attention_layers"] ?? undefined;
  const given = listed === undefined ? config["attention_types"] : [[listed, 1]];
  const patterns = Array.isArray(given) && given.every(isPattern) ? given : [];
  const total = patterns.reduce((sum, [kinds, times]) => sum + kinds.length * times, 0);
  if (total !== depth) {
    const key = listed === undefined ? "attention_types" : "attention_layers";
    throw unknownSetting(key, config[key], `there must be one for each of ${depth} layers`);
  }
  return (index) => {
    let first = 0;
    for (const [kinds, times] of patterns) {
      const next = first + kinds.length * times;
      if (index < next) return kinds[(index - first) % kinds.length];
      first = next;
    }
    return undefined;
  };
}

function block(config: Config, path: string, kind: string | undefined): Block {
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_heads"], width);
  const attention = `${path}.attn.attention`;
  return {
    parallel: false,
    branches: [
      attentionBranch(layerNormAt(`${path}.ln_1`, eps), {
        projections: projectionsAt(`${attention}`),
        output: linearAt(`${attention}.out_proj`),
        heads,
        headWidth: width / heads,
        scale: 1,
        ...(kind === "local" ? { window: countIn(config, ["window_size"], 256) } : {}),
      }),
      networkBranch(layerNormAt(`${path}.ln_2`, eps), {
        up: linearAt(`${path}.mlp.c_fc`),
        output: linearAt(`${path}.mlp.c_proj`),
        activation: activationIn(config, ["activation_function"], "gelu_new"),
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "wte.weight", ["transformer.", ""]);
  const depth = countIn(config, ["num_layers"]);
  const kindOf = layerKinds(config, depth);
  const table = `${prefix}wte.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table, { positions: `${prefix}wpe.weight` }),
    blocks: layersOf(depth, has, (index) => block(config, `${prefix}h.${index}`, kindOf(index))),
    final: layerNormAt(`${prefix}ln_f`, epsIn(config, ["layer_norm_epsilon"], 1e-5)),
  });
}

/** GPT-Neo: layers that look back everywhere or in a window, in turn. */
export const gptNeo: Family = {
  id: "gpt_neo",
  label: "GPT-Neo",
  describe,
  untie: untieWordEmbeddings,
};
