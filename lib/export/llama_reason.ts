// What of a model has no place in LlamaForCausalLM.

import { normsWithReaders } from "../convert/readers_and_writers.ts";
import type { Rotary } from "../model/spec.ts";
import { outputsOf } from "../families/shapes.ts";
import type { TargetRules } from "./target_rules.ts";

const kinds = {
  "layer": 'its norms are LayerNorms: convert it to "pre-rmsnorm" first',
  "crms":
    'its norms are CRMSNorms, of a stream without its last value: convert it to "pre-rmsnorm"',
  "crms-padded": "its norms are CRMSNorms whose last lane is padding",
  "rms-offset": "its norms multiply by 1 + gain",
  "layer-offset": "its norms are LayerNorms that multiply by 1 + gain",
} as const;

/** The base of rotary positions, and how they are stretched. */
function rotaryText({ base, speeds, scale, beyond }: Rotary): string {
  const stretched = JSON.stringify({ speeds, scale, beyond });
  return `base ${base}${stretched === "{}" ? "" : ` stretched by ${stretched}`}`;
}

/** What Llama asks of a decoder. */
export const llamaRules: TargetRules = {
  stack: [
    ({ entry }) =>
      entry.kind === "tokens" && entry.sinusoids !== undefined &&
      "it adds computed positions to its token embeddings",
    ({ entry }) =>
      entry.kind === "tokens" && entry.positions !== undefined &&
      `it adds learned positions (${entry.positions.table}) to its token embeddings`,
  ],
  attention: [
    ({ rotary }) => rotary === undefined && "its positions are not rotary",
    ({ rotary, headWidth }) =>
      rotary!.width !== headWidth &&
      `its rotary positions turn ${
        rotary!.width
      } of ${headWidth} coordinates of a head, and Llama's turn all`,
    ({ rotary }) =>
      rotary!.order !== "half" &&
      "its rotary positions turn neighbors (2i with 2i + 1), and Llama's turn halves (i with i + width/2)",
    ({ scale, headWidth }) =>
      Math.abs(scale * Math.sqrt(headWidth) - 1) > 1e-12 &&
      `its scores are multiplied by ${scale}, and Llama's by ${headWidth ** -0.5}`,
  ],
  network: [
    ({ holdsGate }) =>
      holdsGate && "its feed-forward network holds its gate in the matrix beside it",
    ({ gate }) => gate === undefined && "its feed-forward network has no gate",
    ({ activation }) =>
      activation !== "silu" &&
      `its feed-forward network has the activation ${activation}, not silu`,
  ],
  norms: [
    ({ spec }) => {
      const wrong = normsWithReaders(spec).map(({ norm }) => norm.kind).find((kind) =>
        kind !== "rms"
      );
      return wrong !== undefined && kinds[wrong];
    },
    ({ spec, tensors }) => {
      const biased = normsWithReaders(spec).find(({ norm }) => tensors.has(norm.bias));
      return biased &&
        `its norms have biases (${biased.norm.bias}): convert it to "weightless" first`;
    },
    ({ spec }) => {
      const all = [...new Set(normsWithReaders(spec).map(({ norm }) => norm.eps))];
      return all.length > 1 && `its norms have several ε (${all.join(", ")}), and Llama has one`;
    },
  ],
  shared: ({ attention: { sublayer }, network }, model) => {
    const { heads, keyValueHeads, headWidth, rotary } = sublayer;
    return `${heads} heads, ${keyValueHeads} key-value heads, head width ${headWidth}, ` +
      `rotary ${rotaryText(rotary!)}, hidden width ${outputsOf(model, network.sublayer.up)}`;
  },
};
