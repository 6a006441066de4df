// GPT-Neo: unscaled attention, in every other layer over a window.

import type { Block, Description } from "./description.ts";
import type { Config, Family } from "./family.ts";
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
      attentionBranch(layerNormAt(`${path}.ln_1`, eps), {
        projections: projectionsAt(`${attention}`),
        output: linearAt(`${attention}.out_proj`),
        heads,
        headWidth: countIn(config, ["hidden_size"]) / heads,
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
