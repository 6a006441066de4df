// The heads of a checkpoint: a language model's where the file or the configuration says that it is one, and classifiers, poolers and
// others by the names of their matrices. They are data, which all families have in common.

import {
  type ActivationName,
  entriesOf,
  type Head,
  type ModelSpec,
  readerOf,
  type SingleEntry,
  type Stack,
} from "../model/spec.ts";
import type { Config, Family, Has, HeadKind } from "./family.ts";
import { layerNormAt, linearAt } from "./spec_parts.ts";
import { activationIn, epsIn, numberIn, unknownSetting } from "./settings.ts";

/** What DeiT gives besides: the mean of both classifiers. */
const teacherMean = { output: "logits", of: ["cls_logits", "distillation_logits"] } as const;

/** The row that GPT-2's summary is of, where no place is given. */
function summaryRows({ summary_type: type = "cls_index" }: Config): Head["reads"] {
  const known = { cls_index: "last", last: "last", first: "first", mean: "mean" } as const;
  if (typeof type === "string" && Object.hasOwn(known, type)) {
    return known[type as keyof typeof known];
  }
  throw unknownSetting("summary_type", type, `it must be one of ${Object.keys(known).join(", ")}`);
}

/** What all heads of OPT-350m read through. */
const narrowing = "project_out";

const pooler = { path: "pooler.dense", activation: "tanh" } as const;

const masked = "ForMaskedImageModeling";

/** What guesses the visual tokens of patches (BEiT). */
export const patchGuess: HeadKind = { path: "lm_head", task: masked, reads: "patches" };

/** The first that fits is taken; what stands before it is no head of its own then. */
const kinds: readonly HeadKind[] = [
  { path: "score", task: "ForTokenClassification", reads: "all" },
  { path: "score", reads: "last" },
  { path: "qa_outputs", reads: "all", output: "qa_outputs" },
  {
    path: "multiple_choice_head.summary",
    reads: summaryRows,
    activation: ["summary_activation"],
    output: "mc_logits",
  },
  { path: "cls_classifier", reads: "first", output: "cls_logits" },
  { path: "distillation_classifier", reads: "second", output: "distillation_logits" },
  { path: "classifier", task: "ForTokenClassification", reads: "all" },
  {
    path: "classifier.out_proj",
    before: { path: "classifier.dense", activation: "tanh" },
    reads: "first",
  },
  {
    path: "classification_head.out_proj",
    before: { path: "classification_head.dense", activation: "tanh" },
    reads: "source-end",
  },
  { path: "decoder.0", task: masked, reads: "patches", output: "reconstruction" },
  { path: "classifier", before: { path: "pre_classifier", activation: "relu" }, reads: "first" },
  { path: "classifier", before: pooler, reads: "first" },
  { path: "classifier", before: { path: "projector" }, reads: "mean" },
  { path: "classifier", reads: "all" },
  {
    path: "cls.seq_relationship",
    before: pooler,
    reads: "first",
    output: "seq_relationship_logits",
  },
  {
    path: pooler.path,
    reads: "first",
    activation: ["pooler_act", pooler.activation],
    output: "pooler_output",
    ofBody: true,
  },
  { path: narrowing, reads: "all", output: "last_hidden_state", ofBody: true },
];

/** The token of padding where a configuration does not name it, by `model_type`. */
const padTokens: Readonly<Record<string, number>> = {
  biogpt: 1,
  cohere: 0,
  cohere2: 0,
  gemma: 0,
  gemma2: 0,
  gemma3_text: 0,
  glm: 151329,
  glm4: 151329,
  helium: 3,
  olmo: 1,
  olmo2: 1,
  olmoe: 1,
  olmo3: 1,
  opt: 1,
  phi3: 32000,
  seed_oss: 1,
  smollm3: 128004,
};

/** The function of outputs that a setting names, which may be none. */
function activationAt(
  config: Config,
  setting: string,
  standard: ActivationName | undefined,
): ActivationName | undefined {
  if (standard !== undefined) return activationIn(config, [setting], standard);
  return config[setting] == null ? undefined : activationIn(config, [setting], "tanh");
}

/** The padding that a head which reads the last token passes over; null says that there is none. */
function paddingIn(config: Config): Pick<Head, "padToken"> {
  const standard = padTokens[String(config["model_type"])];
  const isNone = config["pad_token_id"] === null ||
    (config["pad_token_id"] === undefined && standard === undefined);
  return isNone ? {} : { padToken: numberIn(config, ["pad_token_id"], standard) };
}

/** The class that a configuration names; nothing where it names none. */
export function architectureOf({ architectures }: Config): string {
  const [first] = Array.isArray(architectures) ? architectures : [];
  return typeof first === "string" ? first : "";
}

/** Whether heads are what their names say: not those of a class for something else, which may have more than one matrix. */
function isKnown(config: Config): boolean {
  const words =
    "Classification|Answering|Choice|Prediction|CTC|LM|Head|Generation|PreTraining|WithTeacher";
  const architecture = architectureOf(config);
  return !architecture.includes("For") || new RegExp(`(?:${words})$`).test(architecture);
}

/** Whether a configuration says that its model predicts tokens. */
export function predictsTokens(config: Config): boolean {
  return /(?:CausalLM|LMHead|LMHeadModel|DoubleHeadsModel|MaskedLM|ConditionalGeneration|PreTraining|MTModel)$/
    .test(architectureOf(config));
}

/** Whether a configuration says that its model is a body alone, or has a head for another task. */
function doesOther(config: Config): boolean {
  return /(?:Model|Classification|Answering|Choice|Prediction)$/.test(architectureOf(config)) &&
    !predictsTokens(config);
}

/** The first words of a body's names. */
export function bodyPrefixOf(stack: Stack): string {
  const [entry] = entriesOf(stack) as [SingleEntry];
  const { weight } = entry.kind === "tokens"
    ? { weight: entry.tokens.table }
    : entry.kind === "patches"
    ? entry.patches
    : entry.convolutions[0]!.linear;
  const embeddings = weight.search(/(?<=^|\.)embeddings\./);
  return weight.slice(0, embeddings < 0 ? weight.search(/[^.]+\.[^.]+$/) : embeddings);
}

/** A head of a kind at its path, behind the map of another path where there is one. */
function headAt(
  kind: HeadKind,
  config: Config,
  { stack, path, before }: Readonly<Record<"stack" | "path", string>> & {
    readonly before: string | undefined;
  },
): Head {
  const { output, activation: [setting, standard] = [] } = kind;
  const reads = typeof kind.reads === "string" ? kind.reads : kind.reads(config);
  const between = kind.before?.activation;
  const activation = setting === undefined ? undefined : activationAt(config, setting, standard);
  return {
    linear: linearAt(path),
    stack,
    reads,
    ...(kind.norm === undefined
      ? {}
      : { norm: layerNormAt(kind.norm, epsIn(config, ["layer_norm_eps"], 1e-12)) }),
    ...(before === undefined ? {} : {
      transform: {
        linear: linearAt(before),
        ...(between === undefined ? {} : { activation: between }),
      },
    }),
    ...(kind.reads === "last" ? paddingIn(config) : {}),
    ...(kind.reads === "source-end" ? { endToken: numberIn(config, ["eos_token_id"], 2) } : {}),
    ...(activation === undefined ? {} : { activation }),
    ...(output === undefined ? {} : { output }),
  };
}

/** A head that is found, and its kind. */
interface Found {
  readonly head: Head;
  readonly kind: HeadKind;
}

/** The heads of some kinds that a checkpoint has on a stack. */
function findHeads(
  known: readonly HeadKind[],
  [name, stack]: readonly [name: string, stack: Stack],
  config: Config,
  has: Has,
): Found[] {
  const prefix = bodyPrefixOf(stack);
  const find = (path: string): string | undefined =>
    [path, `${prefix}${path}`].find((one) => has(`${one}.weight`));
  const taken = new Set<string>();
  return known.flatMap((kind) => {
    const path = find(kind.path);
    if (path === undefined || taken.has(path)) return [];
    const before = find(kind.before?.path ?? narrowing);
    const isMissing = kind.before !== undefined && before === undefined;
    if (isMissing || !architectureOf(config).endsWith(kind.task ?? "")) return [];
    for (const one of [path, before ?? path]) taken.add(one);
    const place = { stack: name, path, before: before === path ? undefined : before };
    return [{ kind, head: headAt(kind, config, place) }];
  });
}

/** Whether a language model's head is there: in the file, or because the configuration makes the model one. */
function isThere({ linear, transform }: Head, spec: ModelSpec, has: Has): boolean {
  const own = transform?.norm === undefined ? spec.untied ?? linear : transform.linear;
  return spec.untied === undefined || has(own.weight);
}

/** Heads of which the first without a name gives `logits`, and another one what it is called by besides. */
function namedHeads(heads: readonly { readonly head: Head; readonly name: string }[]): Head[] {
  const main = heads.find(({ head }) => head.output === undefined);
  return heads.map((one) =>
    one === main || one.head.output !== undefined ? one.head : { ...one.head, output: one.name }
  );
}

/**
 * The heads of a model as its checkpoint has them. A language model's head that shares the token table is one of a class that predicts
 * tokens; others are found by the names of their matrices.
 *
 * @param spec What the family describes.
 * @param family The family.
 * @param config The configuration.
 * @param has Whether the checkpoint has a tensor of a name.
 * @returns The same with these heads.
 * @throws {RangeError} If a setting of a head is unknown.
 */
export function withHeads(
  spec: ModelSpec,
  { heads: own = [] }: Family,
  config: Config,
  has: Has,
): ModelSpec {
  const stacks = Object.entries(spec.stacks);
  const read = stacks.length === 1 ? stacks : stacks.filter(([name]) => name === "decoder");
  const known = [...own, ...kinds].filter(({ task }) => isKnown(config) || task !== undefined);
  const found = read.flatMap((stack) => findHeads(known, stack, config, has));
  const isOther = architectureOf(config) === ""
    ? found.some(({ kind }) => kind.ofBody !== true)
    : doesOther(config);
  const language = spec.heads.filter((head) => !isOther || isThere(head, spec, has));
  const used = new Set(
    language.flatMap((head) => [head.linear, readerOf(head)])
      .map(({ weight }) => weight),
  );
  const others = found.filter(({ head }) => !used.has(head.linear.weight));
  const bare = language.length === 0 && others.length > 0 &&
    others.every(({ kind }) => kind.ofBody);
  const second = language.map((head) => ({ head, name: "lm_logits" }));
  const first = others.map(({ head, kind }) => ({ head, name: kind.path }));
  return {
    ...spec,
    ...(teacherMean.of.every((name) => others.some(({ head }) => head.output === name))
      ? { mean: teacherMean }
      : {}),
    heads: namedHeads(isOther ? [...first, ...second] : [...second, ...first]),
    ...(bare ? { bare } : {}),
  };
}
