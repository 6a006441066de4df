// GPT-Neo: unscaled attention, in every other layer over a window.

import type { Block, Description } from "./description.ts";
import type { Config, Family } from "./family.ts";
import {
  languageModel,
  layerNormAt,
  layersOf,
  linearAt,
  prefixOf,
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./parts.ts";
import { activationIn, countIn, numberIn, unknownSetting } from "./settings.ts";

/** `global` or `local` for each layer: a list, or patterns with the number of their repetitions. */
function layerKinds(config: Config, depth: number): string[] {
  const listed = config["attention_layers"] as string[] | undefined;
  const patterns = config["attention_types"] as [string[], number][] | undefined;
  const kinds = listed ??
    (patterns ?? []).flatMap(([kinds, times]) => layersOf(times, () => kinds).flat());
  if (kinds.length === depth) return kinds;
  throw unknownSetting("attention_layers", kinds, `there must be one for each of ${depth} layers`);
}

function block(config: Config, path: string, kind: string): Block {
  const eps = numberIn(config, ["layer_norm_epsilon"], 1e-5);
  const heads = countIn(config, ["num_heads"]);
  const attention = `${path}.attn.attention`;
  return {
    parallel: false,
    branches: [
      {
        norm: layerNormAt(`${path}.ln_1`, eps),
        sublayer: {
          kind: "attention",
          projections: projectionsAt(`${attention}`),
          output: { linear: linearAt(`${attention}.out_proj`) },
          heads,
          keyValueHeads: heads,
          headWidth: countIn(config, ["hidden_size"]) / heads,
          scale: 1,
          causal: true,
          ...(kind === "local" ? { window: countIn(config, ["window_size"], 256) } : {}),
        },
      },
      {
        norm: layerNormAt(`${path}.ln_2`, eps),
        sublayer: {
          kind: "feedForward",
          up: linearAt(`${path}.mlp.c_fc`),
          output: { linear: linearAt(`${path}.mlp.c_proj`) },
          activation: activationIn(config, ["activation_function"], "gelu_new"),
        },
      },
    ],
  };
}

function describe(config: Config, has: (name: string) => boolean): Description {
  const prefix = prefixOf(has, "wte.weight", ["transformer.", ""]);
  const depth = countIn(config, ["num_layers"]);
  const kinds = layerKinds(config, depth);
  const table = `${prefix}wte.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table, { positions: `${prefix}wpe.weight` }),
    blocks: layersOf(depth, (index) => block(config, `${prefix}h.${index}`, kinds[index]!)),
    final: layerNormAt(`${prefix}ln_f`, numberIn(config, ["layer_norm_epsilon"], 1e-5)),
  });
}

/** GPT-Neo. */
export const gptNeo: Family = {
  id: "gpt_neo",
  label: "GPT-Neo",
  describe,
  untie: untieWordEmbeddings,
};
