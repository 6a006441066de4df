// Checkpoints that do not hold a model's own numbers: codes of a quantization, and parts of an adapter that is not merged.

import type { TensorSource } from "../checkpoint/tensors.ts";
import { excerpt } from "../core/excerpt.ts";
import type { Config } from "./family.ts";
import { excerptOf, partOf } from "./settings.ts";

const dequantize =
  "load it with transformers, dequantize it, model.dequantize(), and save the result";

/** What tensors are called that are not a model's own, and what to do. */
const foreign: readonly (readonly [name: RegExp, what: string])[] = [
  [
    /(?:^|\.)(?:base_layer|lora_\w+|modules_to_save|original_module|ia3_l|hada_w\w+|vera_lambda_\w+)(?:\.|$)/,
    "it is of an adapter that is not merged; merge it, model.merge_and_unload(), and save the result",
  ],
  [
    /(?:^|\.)(?:qweight|qzeros|SCB|weight_format|weight_packed|weight_scale(?:_inv)?|absmax|quant_map|\w+_blocks)$|quant_state/,
    `it is of a quantized model; ${dequantize}`,
  ],
];

/** Where configurations speak of a quantization; those of parts of a model may as well. */
const keys = ["quantization_config", "compression_config", "quantization"];

/** What a configuration says of a quantization. */
function quantizationIn(config: Config): Config | undefined {
  const parts = [config, ...["text_config", "vision_config"].map((key) => partOf(config, key))];
  return parts.flatMap((part) => keys.map((key) => partOf(part, key)))
    .find((part) => Object.keys(part).length > 0);
}

/**
 * Requires that a checkpoint holds the numbers of its model.
 *
 * @param config The configuration.
 * @param tensors The tensors.
 * @throws {RangeError} If they are quantized, or of an adapter that is not merged; the message says what to do.
 */
export function requireOwnNumbers(config: Config, { names }: TensorSource): void {
  const quantization = quantizationIn(config);
  if (quantization !== undefined) {
    const { quant_method: method = "quantized" } = quantization;
    throw new RangeError(
      `Cannot use the quantization ${
        excerptOf(method)
      } of config.json: such tensors are codes, not numbers; ${dequantize}`,
    );
  }
  for (const [pattern, what] of foreign) {
    const name = names.find((one) => pattern.test(one));
    if (name !== undefined) throw new RangeError(`Cannot use the tensor ${excerpt(name)}: ${what}`);
  }
}
