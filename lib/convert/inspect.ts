// What a model is and what can be done with it.

import { namesText } from "../core/excerpt.ts";
import { tensorBytes } from "../checkpoint/header.ts";
import { givesFinals, isTied, outputName } from "../model/spec.ts";
import { accountOf } from "../families/account.ts";
import { describeModel, type Model, type StoredHead } from "../families/model.ts";
import { convert, type Target, targets } from "./convert.ts";
import { requireFoldable } from "./fold_variant.ts";
import { randomInputs } from "./inputs.ts";
import { type KeptParameters, keptParameters, keptText } from "./kept_norms.ts";
import { missingBiases, normsWithReaders, type NormWithReaders } from "./readers_and_writers.ts";
import { dtypeOf } from "./verify.ts";

/** Whether something can be done, and why not. */
export interface Possibility {
  /** Whether it can be done. */
  readonly possible: boolean;
  /** Why it is not possible. */
  readonly reason?: string;
}

/** A stack, in short. */
export interface StackFacts {
  /** The stack. */
  readonly name: string;
  /** The width of its stream. */
  readonly width: number;
  /** Its layers. */
  readonly depth: number;
  /** How sub-layers join the stream: the residual variant's name. */
  readonly residual: string;
  /** Whether the branches of a layer read the stream together. */
  readonly parallel: boolean;
  /** Whether a norm stands between embeddings and layers. */
  readonly entryNorm: boolean;
}

/** A head, in short. */
export interface HeadFacts {
  /** What it gives. */
  readonly output: string;
  /** Its matrix. */
  readonly weight: string;
  /** Which rows of the final norm it reads. */
  readonly reads: string;
}

/** What a model is and what can be done with it. */
export interface Inspection {
  /** The family's id. */
  readonly family: string;
  /** The family's name. */
  readonly label: string;
  /** The norms of its streams. */
  readonly norm: string;
  /** The different ε of its norms. */
  readonly eps: readonly number[];
  /** Whether norms have gains. */
  readonly gains: boolean;
  /** Whether norms have biases. */
  readonly biases: boolean;
  /** Whether a head shares the token table. */
  readonly tied: boolean;
  /** What is stored for a head that config.json says to be the token table, if anything: a copy of that, or a head of its own. */
  readonly storedHead?: StoredHead;
  /** What reads the final norms. */
  readonly heads: readonly HeadFacts[];
  /** Whether the final norms are outputs themselves. */
  readonly bare: boolean;
  /** Depth, width and norms of each stack. */
  readonly stacks: readonly StackFacts[];
  /** The dtype of its matrices. */
  readonly dtype: string;
  /** The number of tensors. */
  readonly tensors: number;
  /** The number of parameters. */
  readonly parameters: number;
  /** The bytes of all tensors. */
  readonly bytes: number;
  /** Tensors that nothing described reads. */
  readonly unused: readonly string[];
  /** What is to be known of how it was read: what was mended, and what was left out. */
  readonly notes: readonly string[];
  /** The biases that appear when the norms' biases are folded. */
  readonly newBiases: readonly string[];
  /** Gains and biases of norms that stay in every conversion, by why they do. */
  readonly kept: readonly KeptParameters[];
  /** Whether it can be converted, by target. */
  readonly targets: Readonly<Record<Target, Possibility>>;
  /** Whether variants of training can be folded away. */
  readonly fold: Possibility;
}

function possibility(act: () => unknown): Possibility {
  try {
    act();
    return { possible: true };
  } catch (error) {
    if (error instanceof RangeError) return { possible: false, reason: error.message };
    throw error;
  }
}

/** What converting, saving, opening and comparing require before a tensor is read. */
function attempt(model: Model, to: Target): void {
  const { family, config, tensors, storedHead } = convert(model, { to });
  randomInputs(describeModel(family, config, tensors, storedHead), 0, 1);
}

/**
 * What a model is and what can be done with it. No tensor is read.
 *
 * @param model The model.
 * @returns Its family, norms and sizes, and for each target whether it can be converted, and why not.
 */
export function inspect(model: Model): Inspection {
  const { spec, tensors, family, storedHead } = model;
  const sites: readonly NormWithReaders[] = normsWithReaders(spec);
  const infos = tensors.names.map((name) => tensors.info(name));
  const sizes = infos.map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  const stacks = Object.entries(spec.stacks).map(([name, stack]): StackFacts => ({
    name,
    width: stack.width,
    depth: stack.blocks.length,
    residual: stack.residual.label,
    parallel: stack.blocks.some(({ parallel }) => parallel),
    entryNorm: stack.entryNorm !== undefined,
  }));
  const to = targets.map((target) => [target, possibility(() => attempt(model, target))] as const);
  return {
    family: family.id,
    label: family.label,
    norm: [...new Set(sites.map(({ norm }) => norm.kind))].join(", "),
    eps: [...new Set(sites.map(({ norm }) => norm.eps))],
    gains: sites.some(({ norm }) => tensors.has(norm.gain)),
    biases: sites.some(({ norm }) => tensors.has(norm.bias)),
    tied: spec.heads.some(({ linear }) => isTied(spec, linear.weight)),
    ...(storedHead === undefined ? {} : { storedHead }),
    heads: spec.heads.map((head) => ({
      output: outputName(head),
      weight: head.linear.weight,
      reads: head.reads,
    })),
    bare: givesFinals(spec),
    stacks,
    dtype: dtypeOf(model),
    tensors: infos.length,
    parameters: sizes.reduce((sum, size) => sum + size, 0),
    bytes: infos.reduce((sum, info) => sum + tensorBytes(info), 0),
    unused: accountOf(model).unused,
    notes: model.notes ?? [],
    newBiases: sites.flatMap((site) => missingBiases(model, site)),
    kept: keptParameters(model),
    targets: Object.fromEntries(to) as Record<Target, Possibility>,
    fold: possibility(() => requireFoldable(model)),
  };
}

/** What is stored beside the token table for its head, in words. */
const storedHeads: Readonly<Record<StoredHead, string>> = {
  copy: "yes, and the file has a copy of the table for it",
  own: "no: config.json says so, and the file has another matrix, which is the head",
};

const inWords = (possible: boolean): string => possible ? "yes" : "no";

/**
 * An inspection for people.
 *
 * @param inspection The inspection.
 * @returns Lines of text.
 */
export function inspectionText(inspection: Inspection): string {
  const { label, family, norm, eps, gains, biases, tied, storedHead, heads, stacks, dtype } =
    inspection;
  const { bare, parameters, bytes, tensors, unused, notes, newBiases, kept, fold } = inspection;
  const parts = [...(gains ? ["gain"] : []), ...(biases ? ["bias"] : [])].join(" and ") || "none";
  const row = (name: string, value: string): string => `${name.padEnd(14)} ${value}`;
  const verdict = (name: string, { possible, reason }: Possibility): string =>
    row(`  ${name}`, possible ? "yes" : `no: ${reason}`);
  return [
    row("family", `${label} (${family})`),
    row("norms", `${norm}, parameters: ${parts}, ε ${eps.join(", ")}`),
    ...stacks.map(({ name, width, depth, residual, parallel, entryNorm }) =>
      row(
        name,
        `width ${width}, ${depth} layers, ${residual}${parallel ? ", parallel branches" : ""}${
          entryNorm ? ", embedding norm" : ""
        }`,
      )
    ),
    ...(bare ? [row("body", "its final norm is an output")] : []),
    ...heads.map(({ output, weight, reads }) =>
      row("head", `${output}: ${weight}, reads ${reads}`)
    ),
    row("tied head", storedHead === undefined ? inWords(tied) : storedHeads[storedHead]),
    row("size", `${parameters} parameters in ${tensors} tensors, ${dtype}, ${bytes} bytes`),
    ...notes.map((note) => row("note", note)),
    ...(unused.length === 0 ? [] : [row("unused", namesText(unused))]),
    ...(newBiases.length === 0 ? [] : [
      row("new biases", `${newBiases.length} where the family has none, such as ${newBiases[0]}`),
    ]),
    ...keptText(kept).map((line) => row("kept", line)),
    "can be converted to",
    ...Object.entries(inspection.targets).map(([name, one]) => verdict(name, one)),
    verdict("fold", fold),
  ].join("\n");
}
