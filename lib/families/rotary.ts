// Rotary positions from a configuration, the stretched kinds among them. Formulas: transformers' modeling_rope_utils.py.

import { plainSpeeds } from "../model/rotary.ts";
import type { Rotary } from "../model/spec.ts";
import type { Config } from "./family.ts";
import { countIn, flagIn, numberIn, partOf, positiveIn, unknownSetting } from "./settings.ts";

/**
 * The settings of rotary positions as transformers 5 holds them in one object, whichever version wrote them. Where the model itself says
 * its original length, that counts.
 */
export function rotaryParametersOf(config: Config): Config {
  const parameters = { ...partOf(config, "rope_scaling"), ...partOf(config, "rope_parameters") };
  const type = parameters["rope_type"] ?? parameters["type"] ?? "default";
  const original = config["original_max_position_embeddings"];
  return {
    ...parameters,
    rope_type: type === "su" ? "longrope" : type,
    ...(original == null ? {} : { original_max_position_embeddings: original }),
  };
}

/** What a kind of stretching is made of: its settings, and the positions without it. */
interface Stretching {
  readonly settings: Config;
  readonly plain: Rotary;
  readonly headWidth: number;
}

type Stretch = Pick<Rotary, "speeds" | "scale" | "beyond">;

const factorIn = ({ settings }: Stretching): number => positiveIn(settings, ["factor"]);

/** The places that the model was trained on before its positions were stretched. */
function originalLength({ settings }: Stretching): number {
  return countIn(settings, ["original_max_position_embeddings", "max_position_embeddings"]);
}

/** By how much more places are read than before, where it is not written. */
function stretchedBy(of: Stretching): number {
  const lengths = (): number =>
    countIn(of.settings, ["max_position_embeddings"]) / originalLength(of);
  return of.settings["factor"] == null ? lengths() : factorIn(of);
}

/** One speed for every place that is stretched by a factor. */
function linear(of: Stretching): Stretch {
  const factor = factorIn(of);
  return { speeds: plainSpeeds(of.plain).map((speed) => speed / factor) };
}

/** Slow pairs are slowed down, fast ones are not, and those between in part (Llama 3.1). */
function llama3(of: Stretching): Stretch {
  const [factor, original] = [factorIn(of), originalLength(of)];
  const low = positiveIn(of.settings, ["low_freq_factor"]);
  const high = positiveIn(of.settings, ["high_freq_factor"]);
  if (high <= low) throw unknownSetting("high_freq_factor", high, `it must be above ${low}`);
  return {
    speeds: plainSpeeds(of.plain).map((speed) => {
      const turns = original * speed / (2 * Math.PI);
      const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
      return (1 - kept) * speed / factor + kept * speed;
    }),
  };
}

/** By how much YaRN multiplies what turns. */
function yarnScale(of: Stretching): number {
  const { settings } = of;
  if (settings["attention_factor"] != null) return positiveIn(settings, ["attention_factor"]);
  const factor = stretchedBy(of);
  const at = (share: number): number => factor <= 1 ? 1 : 0.1 * share * Math.log(factor) + 1;
  const [one, all] = [
    numberIn(settings, ["mscale"], 0),
    numberIn(settings, ["mscale_all_dim"], 0),
  ];
  return one !== 0 && all !== 0 ? at(one) / at(all) : at(1);
}

/** As Llama 3.1's, with a ramp over pairs instead of speeds, and with a scale (YaRN). */
function yarn(of: Stretching): Stretch {
  const { settings, plain: { width, base } } = of;
  const [factor, original] = [stretchedBy(of), originalLength(of)];
  const pairThatTurns = (times: number): number =>
    width * Math.log(original / (times * 2 * Math.PI)) / (2 * Math.log(base));
  const first = pairThatTurns(positiveIn(settings, ["beta_fast"], 32));
  const last = pairThatTurns(positiveIn(settings, ["beta_slow"], 1));
  const isWhole = flagIn(settings, "truncate", true);
  const low = Math.max(isWhole ? Math.floor(first) : first, 0);
  const high = Math.min(isWhole ? Math.ceil(last) : last, width - 1);
  const span = high === low ? 0.001 : high - low;
  return {
    scale: yarnScale(of),
    speeds: plainSpeeds(of.plain).map((speed, p) => {
      const slowed = Math.min(1, Math.max(0, (p - low) / span));
      return speed / factor * slowed + speed * (1 - slowed);
    }),
  };
}

/** The speeds divided by a list of numbers, one for each pair. */
function dividedBy({ settings, plain }: Stretching, key: string): number[] {
  const factors = settings[key];
  const isList = Array.isArray(factors) && factors.length === plain.width / 2 &&
    factors.every((factor) => typeof factor === "number" && factor > 0);
  if (!isList) throw unknownSetting(key, factors, `it must be ${plain.width / 2} numbers > 0`);
  return plainSpeeds(plain).map((speed, p) => speed / factors[p]);
}

/** One list of factors up to the original length, another beyond (LongRoPE). */
function longrope(of: Stretching): Stretch {
  const [factor, length] = [stretchedBy(of), originalLength(of)];
  const scale = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(length));
  return {
    scale: positiveIn(of.settings, ["attention_factor"], scale),
    speeds: dividedBy(of, "short_factor"),
    beyond: { length, speeds: dividedBy(of, "long_factor") },
  };
}

/** A base that grows with the length of what is read (dynamic NTK). */
function dynamic(of: Stretching): Stretch {
  const length = countIn(of.settings, ["max_position_embeddings"]);
  return { beyond: { length, factor: factorIn(of) } };
}

/** Whole heads with the speeds of whole heads, of which only the first turn. */
function proportional(of: Stretching): Stretch & { readonly width: number } {
  const { settings, plain, headWidth } = of;
  const factor = positiveIn(settings, ["factor"], 1);
  const turning = Math.floor(plain.width / 2);
  const all = plainSpeeds({ width: headWidth, base: plain.base });
  return {
    width: headWidth,
    speeds: all.map((speed, p) => p < turning ? speed / factor : 0),
  };
}

const stretches: Readonly<Record<string, (of: Stretching) => Partial<Rotary>>> = {
  default: () => ({}),
  linear,
  dynamic,
  llama3,
  yarn,
  longrope,
  proportional,
};

/** What a layer sees, by transformers' names. */
export type LayerKind = "full_attention" | "sliding_attention";

/**
 * Rotary positions of layers that turn by what they see: transformers 5 has settings for each, older versions a key for the base, and
 * stretch full attention alone.
 *
 * @param config The configuration.
 * @param headWidth The width of a head.
 * @param kind What the layer sees.
 * @param base The older key of the base, and the base where none is written.
 * @returns How its heads turn.
 * @throws {RangeError} If the base is no number above 0, and what `rotaryIn` throws.
 */
export function rotaryOfKind(
  config: Config,
  headWidth: number,
  kind: LayerKind,
  [key, standard]: readonly [key: string, standard: number],
): Rotary {
  const parameters = {
    rope_theta: positiveIn(config, [key], standard),
    ...(kind === "full_attention" ? partOf(config, "rope_scaling") : {}),
    ...partOf(partOf(config, "rope_parameters"), kind),
  };
  const own = { ...config, rope_scaling: undefined, rope_parameters: parameters };
  return rotaryIn(own, headWidth, { standardShare: "whole" });
}

/** More coordinates than any head has, so that their speeds fit into memory whatever a file says. */
const mostTurning = 2 ** 16;

/**
 * Rotary positions whose settings stand in `rope_parameters` or beside it.
 *
 * @param config The configuration.
 * @param headWidth The width of a head.
 * @param names The older names of the base and of the turning share, and both where none is written; `whole` where transformers reads
 * no share unless positions are stretched.
 * @returns How heads turn.
 * @throws {RangeError} If positions are stretched in a way that is not known, or a setting is missing.
 */
export function rotaryIn(
  config: Config,
  headWidth: number,
  names: {
    readonly base?: string;
    readonly share?: string;
    readonly standardShare?: number | "whole";
    readonly standardBase?: number;
  } = {},
): Rotary {
  const parameters = rotaryParametersOf(config);
  const type = parameters["rope_type"];
  const stretch = typeof type === "string" && Object.hasOwn(stretches, type)
    ? stretches[type]
    : undefined;
  if (stretch === undefined) {
    const known = Object.keys(stretches).join(", ");
    throw unknownSetting("rope_type", type, `it must be one of ${known}`);
  }
  const settings = { ...config, ...parameters };
  const { standardShare: standard = 1 } = names;
  const share = standard === "whole" && type === "default" ? 1 : positiveIn(
    settings,
    ["partial_rotary_factor", names.share ?? "partial_rotary_factor"],
    standard === "whole" ? 1 : standard,
  );
  if (share > 1) throw unknownSetting("partial_rotary_factor", share, "it must be at most 1");
  const plain: Rotary = {
    width: Math.floor(headWidth * share),
    base: positiveIn(
      settings,
      ["rope_theta", names.base ?? "rope_theta"],
      names.standardBase ?? 10000,
    ),
    order: "half",
  };
  if (plain.width > mostTurning) {
    throw new RangeError(
      `Cannot turn ${plain.width} coordinates of a head of config.json: they must be at most ${mostTurning}`,
    );
  }
  return { ...plain, ...stretch({ settings, plain, headWidth }) };
}
