// What can be chosen in the laboratory: of each choice its name in an address, its words, and what is allowed. The page's form, its
// address and the checks of both are made from this.

import { requireInteger, requireNumber, requireOneOf } from "../../../core/check.ts";
import { paletteIds, variantStyle } from "../../../plots/palette.ts";

/** A choice among words; each with what it is called. */
interface WordChoice {
  readonly kind: "word";
  readonly label: string;
  readonly words: Readonly<Record<string, string>>;
  readonly initial: string;
}

/** A number within limits; `whole` has no fraction. */
interface NumberChoice {
  readonly kind: "number" | "whole";
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}

/** What a control of the form can hold. */
export type Choice = WordChoice | NumberChoice;

/** A value for each of some choices, as they are written in an address. */
export type Values<C> = {
  readonly [Name in keyof C]: C[Name] extends WordChoice ? string : number;
};

/** What tells one design from another. */
export const designChoices = {
  variant: {
    kind: "word",
    label: "Residual variant",
    words: Object.fromEntries(paletteIds.map((id) => [id, variantStyle(id).label])),
    initial: "pre-ln",
  },
  gpas: {
    kind: "word",
    label: "GPAS",
    words: { no: "without", yes: "with gates" },
    initial: "no",
  },
  norm: {
    kind: "word",
    label: "Norm",
    words: {
      layer: "LayerNorm",
      rms: "RMSNorm",
      crms: "CRMSNorm",
      "crms-padded": "CRMSNorm, padded",
    },
    initial: "layer",
  },
  depth: { kind: "whole", label: "Layers", min: 1, max: 64, initial: 6 },
  rate: { kind: "number", label: "Learning rate", min: 1e-6, max: 1, initial: 0.003 },
  warmup: { kind: "whole", label: "Warm-up steps", min: 1, max: 2000, initial: 1 },
} as const satisfies Record<string, Choice>;

/** What both designs have in common. */
export const sharedChoices = {
  size: {
    kind: "word",
    label: "Size",
    words: {
      small: "small: width 32, 32 characters",
      medium: "medium: width 64, 64 characters",
      large: "large: width 128, 128 characters",
    },
    initial: "medium",
  },
  steps: { kind: "whole", label: "Steps", min: 1, max: 2000, initial: 200 },
  seed: { kind: "whole", label: "Seed", min: 0, max: 2 ** 31 - 1, initial: 0 },
  device: {
    kind: "word",
    label: "Runs on",
    words: {
      auto: "the fastest here",
      webgpu: "WebGPU",
      wasm: "WebAssembly",
      cpu: "plain JavaScript",
    },
    initial: "auto",
  },
} as const satisfies Record<string, Choice>;

/** What is chosen for one design. */
export type Design = Values<typeof designChoices>;

/** What is chosen for both. */
export type Shared = Values<typeof sharedChoices>;

/** All that is chosen. */
export interface Experiment {
  /** The two designs. */
  readonly designs: readonly [Design, Design];
  /** What they have in common. */
  readonly shared: Shared;
}

/**
 * The value of a choice as it was typed.
 *
 * @param name What the choice is called in messages.
 * @param choice The choice.
 * @param text What was typed.
 * @returns The value.
 * @throws {RangeError} If it is not allowed; the message says what is.
 */
export function valueOf(name: string, choice: Choice, text: string): string | number {
  if (choice.kind === "word") return requireOneOf(name, text, Object.keys(choice.words));
  const { min, max } = choice;
  const number = text.trim() === "" ? NaN : Number(text);
  const value = Number.isNaN(number) ? text as unknown as number : number; // so that messages show what was typed
  return choice.kind === "whole"
    ? requireInteger(name, value, { min, max })
    : requireNumber(name, value, { min, max });
}

/** @returns The first value of each choice. */
export function initialValues<C extends Readonly<Record<string, Choice>>>(choices: C): Values<C> {
  return Object.fromEntries(
    Object.entries(choices).map(([name, { initial }]) => [name, initial]),
  ) as Values<C>;
}

/** What is chosen before anything is: Post-LN beside Pre-LN, and a small model on a small device. */
export function initialExperiment(isSmall: boolean): Experiment {
  const design = initialValues(designChoices);
  return {
    designs: [design, { ...design, variant: "post-ln" }],
    shared: { ...initialValues(sharedChoices), ...(isSmall ? { size: "small" } : {}) },
  };
}
