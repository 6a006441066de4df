// A described model with a classifier of the classes of one's own: the head that it has, that head made anew for other classes, or one
// on a body or in the place of a language model's head, as transformers would make it.

import type { DType } from "../checkpoint/dtype.ts";
import { memoryTensors } from "../checkpoint/memory.ts";
import { RenamedCheckpoint } from "../checkpoint/renamed.ts";
import type { TensorSource } from "../checkpoint/tensors.ts";
import { matrixOf } from "../convert/lazy_matrix.ts";
import { Overlay } from "../convert/overlay.ts";
import { Random } from "../core/random.ts";
import type { Config } from "../families/family.ts";
import { bodyPrefixOf } from "../families/heads.ts";
import { describeModel, type Model } from "../families/model.ts";
import type { OpenModel } from "../families/open.ts";
import { linearAt } from "../families/spec_parts.ts";
import { numberIn } from "../families/settings.ts";
import { outputsOf } from "../families/shapes.ts";
import {
  givesOneRow,
  type Head,
  isTied,
  type Linear,
  namesIn,
  outputName,
  writersIn,
} from "../model/spec.ts";

/** A model that names classes, and what was done to its head. */
export interface Classifier {
  /** What computes with it. */
  readonly model: Model;
  /** In a sentence, what its head is. */
  readonly note: string;
}

const shown = (classes: readonly string[]): string =>
  classes.length <= 4
    ? classes.join(", ")
    : `${classes.slice(0, 3).join(", ")} … (${classes.length})`;

/** The heads whose outputs, or the mean of them, are the logits of a class for each input. */
function classifiersOf({ spec }: Model): readonly Head[] {
  const names: readonly string[] = spec.mean?.output === "logits" ? spec.mean.of : ["logits"];
  return spec.heads.filter((head) => givesOneRow(head) && names.includes(outputName(head)));
}

/** The names of a configuration's classes, where they are no numbers. */
function classNames({ id2label }: Config): readonly string[] | undefined {
  if (typeof id2label !== "object" || id2label === null) return undefined;
  const names = Object.values(id2label).map(String);
  return names.every((name) => /^LABEL_\d+$/.test(name)) ? undefined : names;
}

/** A configuration of other classes. */
function withClassNames(config: Config, classes: readonly string[]): Config {
  const id2label = Object.fromEntries(classes.map((name, at) => [String(at), name]));
  if (config["model_type"] === "normkit") {
    return { ...config, classes: classes.length, id2label };
  }
  return {
    ...config,
    ...("num_labels" in config ? { num_labels: classes.length } : {}),
    ...("problem_type" in config ? { problem_type: "single_label_classification" } : {}),
    id2label,
    label2id: Object.fromEntries(classes.map((name, at) => [name, at])),
  };
}

/** Tensors of which some are made anew, drawn as transformers draws them. */
class FreshMaps {
  readonly tensors: Overlay;
  readonly #std: number;
  readonly #random: Random;

  constructor(base: TensorSource, config: Config, seed: number) {
    this.tensors = new Overlay(base);
    this.#std = numberIn(config, ["initializer_range"], 0.02);
    this.#random = new Random(seed, "head");
  }

  #set(name: string, shape: readonly number[], dtype: DType, values: Float32Array): void {
    const matrix = matrixOf(memoryTensors({ [name]: { shape, values } }), name);
    this.tensors.set(name, shape, dtype, matrix);
  }

  /** A map; with a bias of 0 where it is new, or had one. */
  map(
    { weight, bias, layout }: Linear,
    [inputs, outputs]: readonly [inputs: number, outputs: number],
    dtype: DType,
  ): void {
    const isNew = !this.tensors.has(weight);
    const values = this.#random.fork(weight).normals(inputs * outputs, this.#std);
    const shape = layout === "out-in" ? [outputs, inputs] : [inputs, outputs];
    this.#set(weight, shape, dtype, values);
    if (isNew || this.tensors.has(bias)) {
      this.#set(bias, [outputs], dtype, new Float32Array(outputs));
    }
  }
}

/** A model whose classifiers are made anew, for other classes. */
function replaced(
  { family, config, tensors, storedHead }: Model,
  heads: readonly Head[],
  classes: readonly string[],
  seed: number,
): Model {
  const fresh = new FreshMaps(tensors, config, seed);
  for (const { linear } of heads) {
    const { dtype, shape } = tensors.info(linear.weight);
    const inputs = linear.layout === "out-in" ? shape[1]! : shape[0]!;
    fresh.map(linear, [inputs, classes.length], dtype);
  }
  return describeModel(family, withClassNames(config, classes), fresh.tensors, storedHead);
}

/** What a classifier is on a body. */
interface Added {
  /** What the body's names begin with there. */
  readonly prefix: string;
  /** The paths of its maps, the last of which gives the classes. */
  readonly maps: readonly string[];
  /** How many rows the first of them reads beside each other; 1 unless given. */
  readonly beside?: number;
}

const dense = ["classifier.dense", "classifier.out_proj"];
const alone = ["classifier"];

/** transformers' classifiers of texts and of images, by `model_type`. */
const added: Readonly<Record<string, Added>> = {
  "bert": { prefix: "bert.", maps: ["bert.pooler.dense", "classifier"] },
  "distilbert": { prefix: "distilbert.", maps: ["pre_classifier", "classifier"] },
  "roberta": { prefix: "roberta.", maps: dense },
  "xlm-roberta": { prefix: "roberta.", maps: dense },
  "esm": { prefix: "esm.", maps: dense },
  "beit": { prefix: "beit.", maps: alone },
  "deit": { prefix: "deit.", maps: alone },
  "dinov2": { prefix: "dinov2.", maps: alone, beside: 2 },
  "dinov2_with_registers": { prefix: "dinov2_with_registers.", maps: alone, beside: 2 },
  "ijepa": { prefix: "ijepa.", maps: alone },
  "vit": { prefix: "vit.", maps: alone },
  "vit_msn": { prefix: "vit.", maps: alone },
};

/** The class of transformers that has the classifier. */
function architectureOf({ config, spec, family }: Model): string {
  const [stack] = Object.values(spec.stacks);
  const [name] = Array.isArray(config["architectures"]) ? config["architectures"] : [];
  const base = /^(\w+?)(?:For[A-Z]\w*|Model)$/.exec(String(name))?.[1];
  if (base === undefined) {
    throw new RangeError(
      `Cannot put a classifier on this ${family.label} model: its config.json names no class of transformers in architectures`,
    );
  }
  return `${base}For${stack!.entry.kind === "tokens" ? "Sequence" : "Image"}Classification`;
}

/** A model with a classifier on its body, in the place of the heads that it has. */
function withAdded(model: OpenModel, classes: readonly string[], seed: number): Model {
  const { family, config, tensors, spec } = model;
  const manner = added[family.id];
  const [stack, ...others] = Object.values(spec.stacks);
  if (manner === undefined || stack === undefined || others.length > 0) {
    throw new RangeError(
      `Cannot put a classifier on this ${family.label} model: that is known of ${
        Object.keys(added).join(", ")
      }; save it with one in transformers`,
    );
  }
  const architectures = [architectureOf(model)];
  const prefix = bodyPrefixOf(stack) === "" ? manner.prefix : "";
  const gone = namesIn([spec.heads, spec.untied]);
  const kept = new Map(
    tensors.names
      .filter((name) => isTied(spec, name) || !gone.has(name) || isOf(manner, `${prefix}${name}`))
      .map((name) => [`${prefix}${name}`, name]),
  );
  const fresh = new FreshMaps(new RenamedCheckpoint(tensors, kept, []), config, seed);
  const { dtype } = tensors.info(
    writersIn(stack.blocks[0]!.branches[0]!.sublayer)[0]!.linear.weight,
  );
  const { width } = stack;
  manner.maps.forEach((path, at) => {
    if (fresh.tensors.has(`${path}.weight`)) return;
    const inputs = at === 0 ? width * (manner.beside ?? 1) : width;
    const outputs = at === manner.maps.length - 1 ? classes.length : width;
    fresh.map(linearAt(path), [inputs, outputs], dtype);
  });
  return describeModel(
    family,
    withClassNames({ ...config, architectures }, classes),
    fresh.tensors,
  );
}

/** Whether a tensor is of a map before the last, which the body has already. */
const isOf = ({ maps }: Added, name: string): boolean =>
  maps.slice(0, -1).some((path) => name.startsWith(`${path}.`));

/**
 * A model that names classes. Its own head stays where its classes are these, or where they have no names and are as many.
 *
 * @param model The model, whose files are open.
 * @param classes The classes.
 * @param seed What a fresh head is drawn from.
 * @returns The model, and what its head is.
 * @throws {RangeError} If it has no head for classes, and none is known for its type.
 */
export function withClasses(
  model: OpenModel,
  classes: readonly string[],
  seed: number,
): Classifier {
  const heads = classifiersOf(model);
  if (heads.length === 0) {
    const note = `The head is fresh, for ${shown(classes)}: the model had none for classes`;
    return { model: withAdded(model, classes, seed), note };
  }
  const count = outputsOf(model, heads[0]!.linear);
  const own = classNames(model.config);
  const isSame = own === undefined
    ? count === classes.length
    : own.join("\n") === classes.join("\n");
  if (isSame) return { model, note: `The head for ${shown(classes)} is trained further` };
  const before = own === undefined ? `${count} classes` : shown(own);
  const note = `The head is fresh, for ${shown(classes)}: the model's was for ${before}`;
  return { model: replaced(model, heads, classes, seed), note };
}
