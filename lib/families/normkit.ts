// normkit's own decoders: what `train` leaves, and what `fold` makes of it.

import { requireOptions } from "../core/options.ts";
import {
  type CompleteConfig,
  completeConfig,
  type DecoderConfig,
  decoderKinds,
} from "../models/config.ts";
import { splitVariantId } from "../residual/gate_id.ts";
import { isRegistered } from "../residual/registry.ts";
import { deepNormScale } from "../residual/variants.ts";
import type {
  Block,
  Branch,
  Description,
  Linear,
  NormSite,
  Stack,
  StreamNorm,
} from "./description.ts";
import type { Config, Family, Has } from "./family.ts";
import { layersOf } from "./parts.ts";
import { unknownSetting } from "./settings.ts";

/** How each residual variant joins a layer's branches to the stream, where a stack can say it. */
interface Joint {
  readonly post: boolean;
  readonly shortcut?: number;
  readonly normScale?: number;
}

const joints: Readonly<Record<string, (layer: number, depth: number) => Joint>> = {
  "pre-ln": () => ({ post: false }),
  "lns": (layer) => ({ post: false, normScale: layer ** -0.5 }),
  "lns-gain": () => ({ post: false }),
  "post-ln": () => ({ post: true }),
  "deep-norm": (_, depth) => ({ post: true, shortcut: deepNormScale({ depth }).alpha }),
  "mix-ln": (layer, depth) => ({ post: layer <= Math.floor(depth / 4) }),
};

/** What each variant is when its constants and gates are folded away. */
const plainIds: Readonly<Record<string, string>> = {
  "pre-ln": "pre-ln",
  "lns": "pre-ln",
  "lns-gain": "pre-ln",
  "post-ln": "post-ln",
  "deep-norm": "post-ln",
  "mix-ln": "mix-ln",
};

const streamNorms: Readonly<Record<CompleteConfig["norm"], StreamNorm | undefined>> = {
  "layer": "layer",
  "rms": "rms",
  "crms": "crms",
  "crms-padded": undefined,
};

/**
 * The decoder's configuration among the keys of a `config.json`.
 *
 * @param config A `config.json`, or what a manifest makes of one.
 * @returns The configuration; its numbers and words are for `completeConfig` to check.
 * @throws {RangeError} If a value is of another kind than a decoder has.
 */
export function decoderConfig(config: Config): DecoderConfig {
  const { model_type: _, normkit: _form, characters: _text, dtype: _dtype, ...own } = config;
  const { residual = "pre-ln", ends = [], normEps = {} } = own;
  if (typeof residual !== "string") {
    throw unknownSetting("residual", residual, "it must be the id of a variant");
  }
  if (!Array.isArray(ends)) throw unknownSetting("ends", ends, "it must be a list of norms");
  if (typeof normEps !== "object" || normEps === null) {
    throw unknownSetting("normEps", normEps, "it must be a table of numbers");
  }
  return own as unknown as DecoderConfig;
}

/**
 * A `config.json` of a decoder.
 *
 * @param config The decoder's configuration.
 * @param characters The characters that its tokens stand for, where they do.
 * @returns The configuration as JSON.
 * @throws {RangeError} If an option is unknown or missing, or its residual variant is an object of one's own.
 */
export function normkitConfig(config: DecoderConfig, characters?: string): Config {
  requireOptions("a decoder", config, decoderKinds);
  const { residual } = config;
  const own = typeof residual === "object";
  if (own && !isRegistered(residual)) {
    throw new RangeError(
      `Cannot write the residual variant ${residual.id} into a config.json: it is an object of your own, which an id does not hold`,
    );
  }
  const text = characters === undefined ? {} : { characters };
  return { model_type: "normkit", ...config, ...(own ? { residual: residual.id } : {}), ...text };
}

/** A matrix of a decoder with its bias; all are stored (in, out). */
function linear(path: string, weight: string, bias: string): Linear {
  return { weight: `${path}.${weight}`, bias: `${path}.${bias}`, layout: "in-out" };
}

function block(config: CompleteConfig, kind: StreamNorm, layer: number): Block {
  const { residual, depth, heads, width, activation, positions } = config;
  const joint = joints[splitVariantId(residual.id).base]!(layer, depth);
  const path = `blocks.${layer}`;
  const branch = (role: "attention" | "feedForward", sublayer: Branch["sublayer"]): Branch => ({
    norm: normAt(config, kind, `${path}.norm.${role}.${joint.post ? "stream" : "input"}`),
    sublayer,
    ...(joint.normScale === undefined || layer === 1 ? {} : { normScale: joint.normScale }),
    ...gateAt(config, path, role),
  });
  const attention = (weight: string): Linear =>
    linear(`${path}.attention`, `w${weight}`, `b${weight}`);
  const feedForward = (index: number): Linear =>
    linear(`${path}.feedForward`, `w${index}`, `b${index}`);
  const gate = activation === "swiglu";
  const headWidth = width / heads;
  return {
    parallel: false,
    ...(joint.post ? { post: true } : {}),
    ...(joint.shortcut === undefined ? {} : { shortcut: joint.shortcut }),
    branches: [
      branch("attention", {
        kind: "attention",
        projections: { q: attention("q"), k: attention("k"), v: attention("v") },
        output: { linear: attention("o") },
        heads,
        keyValueHeads: heads,
        headWidth,
        scale: headWidth ** -0.5,
        causal: true,
        ...(positions === "rotary"
          ? { rotary: { width: headWidth, base: 10000, order: "half" } }
          : {}),
      }),
      branch("feedForward", {
        kind: "feedForward",
        up: feedForward(gate ? 3 : 1),
        ...(gate ? { gate: feedForward(1) } : {}),
        output: { linear: feedForward(2) },
        activation: activation === "swiglu" ? "silu" : activation,
      }),
    ],
  };
}

/** The gate of a branch, where the variant has gates. */
function gateAt(
  { residual: { gpas } }: CompleteConfig,
  path: string,
  role: string,
): Pick<Branch, "gate" | "gateActivation"> {
  if (gpas === undefined) return {};
  const { gate, activation } = gpas;
  return {
    gate: gate === "layer" ? `${path}.gate` : `${path}.gate.${role}`,
    ...(activation === "silu" ? {} : { gateActivation: activation }),
  };
}

function normAt({ eps, normEps }: CompleteConfig, kind: StreamNorm, path: string): NormSite {
  return { kind, eps: normEps[path] ?? eps, gain: `${path}.gain`, bias: `${path}.bias` };
}

function describe(config: Config, has: Has): Description {
  const complete = completeConfig(decoderConfig(config));
  const { residual, norm, ends, width, depth, tied, positions, embeddingScale } = complete;
  const kind = streamNorms[norm];
  if (kind === undefined) {
    throw new RangeError(
      `Cannot describe a decoder whose norm is ${norm}: its last lane is padding`,
    );
  }
  if (!Object.hasOwn(joints, splitVariantId(residual.id).base)) {
    throw new RangeError(
      `Cannot describe a ${residual.label} decoder as Pre-LN or Post-LN: ` +
        `foldable are ${Object.keys(joints).join(", ")}, each also with +gpas`,
    );
  }
  const stack: Stack = {
    width,
    entry: {
      kind: "tokens",
      tokens: { table: "wte" },
      scale: embeddingScale,
      ...(positions === "learned" ? { positions: { table: "wpe" } } : {}),
      offset: 0,
    },
    ...(ends.includes("embedding") ? { entryNorm: normAt(complete, kind, "norm.embedding") } : {}),
    recenter: false,
    blocks: layersOf(depth, has, (index) => block(complete, kind, index + 1)),
    ...(ends.includes("final") ? { final: normAt(complete, kind, "norm.final") } : {}),
  };
  const head: Linear = tied
    ? { weight: "wte", bias: "head.b", layout: "out-in" }
    : linear("head", "w", "b");
  return {
    stacks: { decoder: stack },
    heads: [{ linear: head, stack: "decoder", reads: "all" }],
    untied: linear("head", "w", "b"),
  };
}

/** normkit's own decoders. */
export const normkitFamily: Family = {
  id: "normkit",
  label: "normkit",
  describe,
  untie: (config) => ({ ...config, tied: false }),
  folded: (config, eps) => {
    const complete = completeConfig(decoderConfig(config));
    const { residual, normEps, ends, init, embeddingStd, embeddingScale } = complete;
    return {
      ...config,
      ...{ ends, init, embeddingStd, embeddingScale }, // the plain variant's may be others
      residual: plainIds[splitVariantId(residual.id).base],
      normEps: { ...normEps, ...eps },
    };
  },
};
