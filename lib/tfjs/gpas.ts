// GPAS as a layer of tfjs: its learned gate is the layer's one weight.

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { GateActivation } from "../kernels/contract.ts";
import { gateActivations } from "../ops/activations.ts";
import { gpas } from "../ops/gpas.ts";
import {
  givenOptions,
  layerKinds,
  oneInput,
  type Shape,
  type TfjsLayerOptions,
} from "./options.ts";
import { registered } from "./register.ts";
import type { LayerClass } from "./tfjs_types.ts";

/** Options of {@linkcode GPAS}. */
export interface GPASOptions extends TfjsLayerOptions {
  /** The function of the gate; SiLU by default. */
  readonly activation?: GateActivation;
}

const kinds: OptionKinds<GPASOptions> = { ...layerKinds, activation: "string?" };

const gateFunctions = Object.keys(gateActivations) as GateActivation[];

class GpasLayer extends tf.layers.Layer {
  readonly activation: GateActivation;
  gate: tf.LayerVariable | undefined;

  constructor(options: GPASOptions = {}) {
    const given = givenOptions("NormkitGPAS", options);
    requireOptions("NormkitGPAS", given, kinds);
    super(given as ConstructorParameters<typeof tf.layers.Layer>[0]);
    const { activation = "silu" } = given;
    this.activation = requireOneOf("activation", activation, gateFunctions);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    this.gate = this.addWeight("gate", [], "float32", tf.initializers.zeros());
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return gpas(oneInput(this.name, inputs), this.gate!.read(), { activation: this.activation });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), activation: this.activation };
  }
}

/**
 * Gradient-preserving activation scaling as a layer of tfjs: it stands behind a residual addition.
 *
 * ```
 * y = x − act(gate) · sg(x)
 * ```
 *
 * The gate, its one weight, starts at 0: the layer begins as the identity.
 *
 * Shapes: x any · gate [] · returns the shape of x
 * Source: Chen et al. 2025, Eq. 1–3 (arXiv 2506.22049).
 */
export const GPAS: LayerClass<GPASOptions> = registered("GPAS", GpasLayer);
