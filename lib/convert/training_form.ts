// Training equivalence: the parameters of a Pre-LN decoder as those of a Pre-RMSNorm or Pre-CRMSNorm decoder, computed by
// operations that gradients pass. Checkpoints are converted elsewhere, in float64; nothing here reads a number.

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { mapTree } from "../core/tree.ts";
import type { NormKind } from "../kernels/contract.ts";
import type { NormParameters } from "../decoder/initialization.ts";
import { type CompleteConfig, completeConfig, type DecoderConfig } from "../decoder/config.ts";
import type { BlockParameters, DecoderParameters } from "../decoder/initialization.ts";
import { matMul } from "../ops/mat_mul.ts";
import { preLn } from "../residual/variants.ts";
import { center, compress, projected, type StreamProjection } from "./projected_residual.ts";

/** The forms in which a Pre-LN decoder can be trained. */
export type TrainingFormName = "pre-rmsnorm" | "pre-crmsnorm";

/** A decoder that computes what a Pre-LN decoder does. */
export interface TrainingForm {
  /** φ, the parameters that run. */
  readonly parameters: DecoderParameters;
  /** The configuration that they run with. */
  readonly config: DecoderConfig;
}

/** A matrix and its bias. */
type Linear = { readonly w: Tensor; readonly b?: Tensor | undefined };

/** What a form does to each part of a decoder. */
interface Rules {
  readonly kind: NormKind;
  /** To what is written to the stream. */
  readonly project: StreamProjection;
  /** To a linear map that reads a norm. */
  readonly read: (map: Linear, norm: NormParameters) => Linear;
  /** To the norm that it reads. */
  readonly keep: (norm: NormParameters) => NormParameters;
}

/** γ and β into what reads them, (γ ⊙ n + β) W + b = n (diag(γ) W) + (β W + b); then the last row is taken from all. */
function readCompressed({ w, b }: Linear, { gain, bias }: NormParameters): Linear {
  const folded = tf.mul(tf.reshape(gain, [-1, 1]), w);
  const last = tf.slice(folded, [w.shape[0]! - 1, 0], [1, w.shape[1]!]);
  const shift = bias === undefined ? b : tf.reshape(matMul(tf.reshape(bias, [1, -1]), w, b), [-1]);
  return { w: tf.sub(folded, last), b: shift };
}

const rulesOf: Readonly<Record<TrainingFormName, Rules>> = {
  "pre-rmsnorm": { kind: "rms", project: center, read: (map) => map, keep: (norm) => norm },
  "pre-crmsnorm": {
    kind: "crms-padded",
    project: compress,
    read: readCompressed,
    keep: ({ gain }) => ({ gain: tf.onesLike(gain) }),
  },
};

/** Attention or the feed-forward network: matrices `w…` with biases `b…`, one of which writes to the stream. */
function sublayer<P extends Readonly<Record<string, Tensor>>>(
  parameters: P,
  writer: string,
  { read, project }: Rules,
  norm: NormParameters,
): P {
  const maps = Object.keys(parameters).filter((name) => name.startsWith("w")).map((name) => {
    const bias = name.replace("w", "b");
    const map: Linear = { w: parameters[name]!, b: parameters[bias] };
    if (name !== writer) return { name, bias, map: read(map, norm) };
    return { name, bias, map: { w: project(map.w), b: map.b && project(map.b) } };
  });
  return Object.fromEntries(
    maps.flatMap(({ name, bias, map: { w, b } }): [string, Tensor][] =>
      b === undefined ? [[name, w]] : [[name, w], [bias, b]]
    ),
  ) as P;
}

function block(parameters: BlockParameters, rules: Rules): BlockParameters {
  const { attention, feedForward, norm } = parameters;
  const [first, second] = [norm.attention!.input!, norm.feedForward!.input!];
  return {
    attention: sublayer(attention, "wo", rules, first),
    feedForward: sublayer(feedForward, "w2", rules, second),
    norm: { attention: { input: rules.keep(first) }, feedForward: { input: rules.keep(second) } },
  };
}

function convert(parameters: DecoderParameters, rules: Rules): DecoderParameters {
  const { wte, wpe, blocks, norm, head } = parameters;
  const { project, read, keep } = rules;
  const final = norm.final!;
  const { w, b } = read(head ?? { w: tf.transpose(wte) }, final); // the table itself is about to change
  return {
    wte: project(wte),
    ...(wpe === undefined ? {} : { wpe: project(wpe) }),
    blocks: blocks.map((parameters) => block(parameters, rules)),
    norm: { final: keep(final) },
    head: b === undefined ? { w } : { w, b },
  };
}

/** A tree made in a scope that keeps its leaves alone; tfjs's type of a tree has no read-only lists. */
function inScope(make: () => DecoderParameters): DecoderParameters {
  return tf.tidy(() => make() as unknown as tf.TensorContainer) as unknown as DecoderParameters;
}

function requirePreLn(config: DecoderConfig): CompleteConfig {
  const complete = completeConfig(config);
  const { residual, norm, ends } = complete;
  if (residual.wiring !== preLn.wiring || residual.finish !== undefined) {
    throw new RangeError(
      `Cannot train ${residual.id} in another form: its equation must be that of pre-ln`,
    );
  }
  if (norm !== "layer") {
    throw new RangeError(
      `Cannot train a decoder of norm "${norm}" in another form: it must be "layer"`,
    );
  }
  if (ends.join() !== "final") {
    throw new RangeError(
      `Cannot train a decoder with the ends [${
        ends.join(", ")
      }] in another form: they must be [final]`,
    );
  }
  return complete;
}

/** What a form does to the decoder of a configuration, and the configuration that it leaves. */
function plan(
  config: DecoderConfig,
  to: TrainingFormName,
): { rules: Rules; config: DecoderConfig } {
  const form = rulesOf[requireOneOf("training form", to, ["pre-rmsnorm", "pre-crmsnorm"])];
  const { residual, dropout } = requirePreLn(config);
  const changed: DecoderConfig = { ...config, norm: form.kind, tied: false };
  if (dropout === 0) return { rules: form, config: changed };
  return {
    rules: { ...form, project: (x) => x },
    config: { ...changed, residual: projected(residual, form.project) },
  };
}

/**
 * A Pre-LN decoder in a form with a cheaper norm, for training.
 *
 * ```
 * φ = h(θ),   decoder(φ, config′) = decoder(θ, config),   ∂L/∂θ through h = ∂L/∂θ of Pre-LN
 * ```
 *
 * LayerNorm reads C x alone, C = I − 11ᵀ/d. In Pre-RMSNorm all that is written to the stream is centered: the tables E C and
 * P C, and the output maps W C and b C, over the last axis since matrices are stored (in, out). In Pre-CRMSNorm the last value
 * is left out as well, and every map that reads a norm becomes W − 1 w_d after the norm's gain and bias were moved into it. Its
 * norm is `"crms-padded"`: the stream has d − 1 values and a lane of 0, heads and hidden layers keep their widths. A tied head
 * gets a matrix of its own, since table and head differ now; both come from the one table in θ.
 *
 * θ stays what is trained: called inside the function that is differentiated, this gives θ the gradients that Pre-LN gives it,
 * so that every optimizer, weight decay and clipping has Pre-LN's trajectory, up to rounding. To optimize φ instead is to train
 * another model: {@linkcode directForm}.
 *
 * Dropout takes values out of a sum of 0. With `dropout` > 0 what writes to the stream therefore stays as it is, and the
 * projection follows the dropout, in the residual variant of `config′`: the noise is Pre-LN's, drawn over all d values. (Dropout
 * on the d − 1 values of a compressed branch is a different noise.)
 *
 * Call it in a scope, `tf.tidy` or a gradient's: parameters that stay as they are are θ's own tensors, the others are new.
 *
 * Shapes: as θ's; a head of Pre-CRMSNorm has a bias [V] where the final norm has one
 * Source: Jiang et al. 2023 (arXiv 2305.14858), §3.1 and Lemma 3.1, §3.2, §3.5, and footnote 5 for dropout; gain and bias of
 * LayerNorm, tied heads and dropout with Pre-CRMSNorm are ours.
 *
 * @param parameters θ, the parameters of the Pre-LN decoder.
 * @param config Its configuration: an equation like `"pre-ln"`, the norm `"layer"`, and the final norm.
 * @param to The form.
 * @returns φ and its configuration.
 * @throws {RangeError} If the decoder is not Pre-LN with LayerNorms, or there is no such form.
 */
export function trainingForm(
  parameters: DecoderParameters,
  config: DecoderConfig,
  to: TrainingFormName,
): TrainingForm {
  const { rules, config: own } = plan(config, to);
  return { parameters: inScope(() => convert(parameters, rules)), config: own };
}

/**
 * The parameters of a training form as tensors of their own.
 *
 * They compute what the Pre-LN decoder does until they are changed. Optimizing them is legitimate, and is another model: their
 * gradients are not the projected ones, so that the first step already leaves Pre-LN's trajectory, and in Pre-CRMSNorm the last
 * coordinate is not trained at all. (With dropout, where values are projected instead, φ of an untied Pre-RMSNorm is θ.)
 *
 * Source: Jiang et al. 2023 (arXiv 2305.14858), §3.5, which trains θ for this reason.
 *
 * @param parameters θ, the parameters of the Pre-LN decoder.
 * @param config Its configuration.
 * @param to The form.
 * @returns φ, which the caller frees ({@linkcode disposeTree}), and its configuration.
 * @throws {RangeError} If the decoder is not Pre-LN with LayerNorms, or there is no such form.
 */
export function directForm(
  parameters: DecoderParameters,
  config: DecoderConfig,
  to: TrainingFormName,
): TrainingForm {
  const { rules, config: own } = plan(config, to);
  const copied = inScope(() =>
    mapTree<DecoderParameters, Tensor>(convert(parameters, rules), (leaf) => leaf.clone())
  );
  return { parameters: copied, config: own };
}
