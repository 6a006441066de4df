// Images as a model that is there already was given them: each channel less its mean, over its deviation, by the folder's
// preprocessor_config.json.

import * as tf from "@tensorflow/tfjs";
import type { Config } from "../families/family.ts";
import { unknownSetting } from "../families/settings.ts";
import { readJson } from "../platform/json_file.ts";
import { saysAbsent } from "../platform/system_error.ts";
import type { Task } from "./task.ts";

async function preprocessing(folder: string): Promise<Config> {
  try {
    return await readJson(`${folder}/preprocessor_config.json`) as Config;
  } catch (error) {
    if (saysAbsent(error)) return {};
    throw error;
  }
}

/** A number for each channel. */
function perChannel(config: Config, key: string, channels: number, least: number): number[] {
  const value = config[key] ?? Array.from({ length: channels }, () => 0.5);
  const fits = Array.isArray(value) && value.length === channels &&
    value.every((one) => typeof one === "number" && one > least);
  if (fits) return value;
  throw unknownSetting(key, value, `it must be ${channels} numbers, one for each channel`);
}

/**
 * A task of images, which the model gets as it got those that it was trained on.
 *
 * @param task The task, whose images go from −1 to 1.
 * @param folder The model's folder; without `preprocessor_config.json`, or for other tasks, nothing is changed.
 * @returns The task.
 * @throws {RangeError} If a mean or a deviation is not there for each channel.
 */
export async function withImageNorms<B>(task: Task<B>, folder: string): Promise<Task<B>> {
  const channels = Number(task.sizes["channels"]);
  const config = task.kind === "vision" ? await preprocessing(folder) : {};
  if (config["image_mean"] === undefined && config["image_std"] === undefined) return task;
  const means = perChannel(config, "image_mean", channels, -Infinity);
  const deviations = perChannel(config, "image_std", channels, 0);
  return {
    ...task,
    inputs: (batch) => {
      const { inputs, ...masks } = task.inputs(batch);
      const { pixels } = inputs;
      if (pixels === undefined) return { inputs, ...masks };
      const shares = tf.div(tf.add(pixels, 1), 2);
      const centered = tf.sub(shares, tf.reshape(tf.tensor1d(means), [1, channels, 1, 1]));
      const scales = tf.reshape(tf.tensor1d(deviations), [1, channels, 1, 1]);
      return { inputs: { ...inputs, pixels: tf.div(centered, scales) }, ...masks };
    },
  };
}
