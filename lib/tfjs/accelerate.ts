// LayerNormalization layers of a model that is there, swapped for fused ones in place: weights, optimizer and files stay as they are.

import * as tf from "@tensorflow/tfjs";
import { leastFloat32, requireInteger, requireOneOf } from "../core/check.ts";
import { requireOptions, shown } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { KernelUnavailableError } from "../kernels/half.ts";
import { hasKernel } from "../kernels/call.ts";
import { FusedNormalization, isLastAxis } from "./fused_normalization.ts";
import { compare, type Speedup } from "./compare.ts";
import { refuseOtherCopy } from "./other_copy.ts";
import type { LayersModel } from "./tfjs_types.ts";
import { TfjsNormalization } from "./tfjs_normalization.ts";

/** Options of {@linkcode accelerate}. */
export interface AccelerateOptions {
  /**
   * What the model is measured on, a tensor for each of its inputs. By default eight rows of seeded numbers from 0 up to 1, or of
   * zeros where the model takes integers, 32 long where a length is open.
   */
  readonly inputs?: readonly Tensor[];
  /** What is measured: `"predict"` (the default), or `"gradient"`, of a weighted mean of the outputs to all weights. */
  readonly measure?: "predict" | "gradient";
  /** How often the model is measured with either kind of layer, in turn; 9 by default. */
  readonly runs?: number;
}

/** A layer that stays as it is. */
export interface KeptLayer {
  /** Its name, behind those of the models that it is in. */
  readonly name: string;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** What {@linkcode accelerate} did, and what it brought. */
export interface Acceleration {
  /** The layers that are fused now, each by its name behind those of the models that it is in. */
  readonly fused: readonly string[];
  /** LayerNormalization layers that stay as they are. */
  readonly kept: readonly KeptLayer[];
  /** What it brought; absent where no layer was swapped. */
  readonly measured?: Speedup;
  /** All of it as text for people. */
  readonly text: string;
  /** Makes the layers tfjs's own again. */
  restore(): void;
}

/** A LayerNormalization of a model. */
interface Found {
  readonly layer: TfjsNormalization;
  readonly name: string;
  /** How many axes its input has. */
  readonly rank: number;
}

const rankOf = (layer: tf.layers.Layer): number =>
  ([layer.inboundNodes[0]?.inputShapes[0] ?? []].flat()).length;

/** The layers right inside of one, with the ranks of their inputs: a model's, and what a wrapper such as TimeDistributed wraps. */
function inside(layer: tf.layers.Layer): (readonly [tf.layers.Layer, number])[] {
  const { layers = [], layer: wrapped } = layer as {
    layers?: tf.layers.Layer[];
    layer?: tf.layers.Layer;
  };
  return wrapped instanceof tf.layers.Layer
    ? [[wrapped, rankOf(layer) - 1]]
    : layers.map((one) => [one, rankOf(one)]);
}

/** Every layer that normalizes, once, wherever in a model it is. */
function normalizations(model: tf.layers.Layer): Found[] {
  const found = new Map<tf.layers.Layer, Found>();
  const visit = (within: tf.layers.Layer, path: string): void => {
    for (const [layer, rank] of inside(within)) {
      const name = `${path}${layer.name}`;
      if (layer instanceof TfjsNormalization && !found.has(layer)) {
        found.set(layer, { layer, name, rank });
      }
      visit(layer, `${name}/`);
    }
  };
  visit(model, "");
  return [...found.values()];
}

/** Why a layer cannot run as the kernel, or undefined. */
function reasonToKeep({ layer, rank }: Found): string | undefined {
  if (layer instanceof FusedNormalization) return "it is fused already";
  if (layer.constructor !== TfjsNormalization) {
    return "its class is not tfjs's own, and may compute something else";
  }
  const { axis, epsilon } = layer;
  if (!isLastAxis(axis, rank)) {
    return `it normalizes axis ${
      [axis].flat().join(", ")
    } of ${rank}; the kernel takes the last one`;
  }
  return epsilon >= leastFloat32
    ? undefined
    : `its epsilon is ${epsilon}; the kernel takes ${leastFloat32} or more`;
}

/** Gives layers the class, which has no fields: nothing else of them changes. */
function become(found: readonly Found[], { prototype }: typeof TfjsNormalization): void {
  for (const { layer } of found) Object.setPrototypeOf(layer, prototype as object);
}

/**
 * Swaps the LayerNormalization layers of a model for fused ones, in place, and measures what that brings.
 *
 * All models of tfjs will do: sequential, functional, models in models, layers that are shared or wrapped. The weights, the optimizer
 * and its state, and what `model.save()` writes stay as they are: a file of the model needs no normkit. What the kernel cannot compute
 * (other axes than the last, classes that extend tfjs's) stays tfjs's, with the reason.
 *
 * @param model The model; `tf.loadLayersModel`, `tf.sequential` and `tf.model` make such.
 * @param options On what it is measured, and how.
 * @returns What was swapped, and how much faster the model became.
 * @throws {RangeError} If the model is none of this tfjs's, or an option cannot be used.
 * @throws {KernelUnavailableError} If the backend in use has no fused norm.
 */
export async function accelerate(
  model: LayersModel,
  options: AccelerateOptions = {},
): Promise<Acceleration> {
  requireOptions("accelerate()", options, { inputs: "list?", measure: "string?", runs: "number?" });
  const measure = requireOneOf("measure", options.measure ?? "predict", ["predict", "gradient"]);
  const runs = requireInteger("runs", options.runs ?? 9, { min: 1, max: 1000 });
  refuseOtherCopy("accelerate", model);
  if (!(model instanceof tf.LayersModel)) {
    throw new RangeError(
      `Cannot accelerate ${
        shown(model)
      }: it must be a LayersModel of the tfjs that normkit imports`,
    );
  }
  if (!hasKernel("NormkitNorm")) {
    throw new KernelUnavailableError(
      "NormkitNorm",
      tf.getBackend(),
      "Await useBackend() before accelerate().",
    );
  }
  const all = normalizations(model).map((found) => ({ found, reason: reasonToKeep(found) }));
  const swapped = all.filter(({ reason }) => reason === undefined).map(({ found }) => found);
  const kept = all.flatMap(({ found: { name }, reason }) =>
    reason === undefined ? [] : [{ name, reason }]
  );
  const restore = (): void => become(swapped, TfjsNormalization);
  const fuse = (): void => become(swapped, FusedNormalization);
  const fused = swapped.map(({ name }) => name);
  if (fused.length === 0) return { fused, kept, text: describe(fused, kept), restore };
  try {
    const measured = await compare(model, {
      inputs: options.inputs,
      measure,
      runs,
      ways: [restore, fuse],
    });
    return { fused, kept, measured, text: describe(fused, kept, measured), restore };
  } catch (error) {
    restore();
    throw error;
  }
}

function describe(
  fused: readonly string[],
  kept: readonly KeptLayer[],
  measured?: Speedup,
): string {
  const stayed = kept.map(({ name, reason }) => `${name} stays tfjs's: ${reason}.`);
  const [count, layers] = [fused.length, fused.length === 1 ? "layer is" : "layers are"];
  if (measured === undefined) return ["No layer was swapped.", ...stayed].join("\n");
  const { before, after, speedup, difference, what, input } = measured;
  return [
    `${count} LayerNormalization ${layers} fused: ${what} of ${input} takes ${
      after.toFixed(2)
    } ms ` +
    `instead of ${before.toFixed(2)}, ${
      speedup.toFixed(2)
    } times as fast, on ${tf.getBackend()}; ` +
    `results differ by ${difference.toExponential(1)} of the largest.`,
    ...stayed,
  ].join("\n");
}
