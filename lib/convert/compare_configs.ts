// What two configurations say of the function: everything that a spec holds (ε, heads, rotary positions, scales …), and the keys by
// which other engines choose what they load.

import { canonicalJson } from "../core/json.ts";
import { excerptOf } from "../families/settings.ts";
import type { Config } from "../families/family.ts";
import type { Model } from "../families/model.ts";
import type { ModelSpec } from "../model/spec.ts";

/** Two configurations compared. */
export interface ConfigComparison {
  /** What changes the function, each as a clause. */
  readonly unlike: readonly string[];
  /** Other keys that differ, such as the path of the source. */
  readonly others: readonly string[];
}

/** Keys that say nothing to normkit, and to other engines what is to be loaded. */
const decisive: readonly string[] = [
  "architectures",
  "auto_map",
  "model_type",
  "tie_word_embeddings",
];

/** Keys that say what a folder is, which is for other checks. */
const own: readonly string[] = ["normkit"];

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

/** The places at which two trees differ, each as a clause. */
function* differences(expected: unknown, actual: unknown, path: string): Generator<string> {
  if (isTree(expected) && isTree(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      yield* differences(expected[key], actual[key], path === "" ? key : `${path}.${key}`);
    }
  } else if (canonicalJson(expected ?? null) !== canonicalJson(actual ?? null)) {
    yield `${path} is ${excerptOf(actual ?? null)} instead of ${excerptOf(expected ?? null)}`;
  }
}

/** A spec without functions: a residual variant is its id. */
function plain(spec: ModelSpec): Tree {
  const stacks = Object.entries(spec.stacks)
    .map(([name, stack]) => [name, { ...stack, residual: stack.residual.id }] as const);
  return { ...Object.fromEntries(stacks), heads: spec.heads };
}

/** Where a configuration says that the head is the token table, which older engines then put in its place. */
function headIsDenied(
  expected: Pick<Model, "storedHead">,
  actual: Pick<Model, "storedHead">,
): string[] {
  return actual.storedHead === "own" && expected.storedHead !== "own"
    ? ["tie_word_embeddings is true beside a head of its own"]
    : [];
}

/**
 * Compares what the configurations of two folders make of the same tensors.
 *
 * @param expected The model as it should be.
 * @param actual The model as it is.
 * @returns What differs.
 */
export function compareConfigs(
  expected: Omit<Model, "tensors">,
  actual: Omit<Model, "tensors">,
): ConfigComparison {
  const differing = (key: string): boolean =>
    canonicalJson(expected.config[key] ?? null) !== canonicalJson(actual.config[key] ?? null);
  const keys = [
    ...new Set([expected.config, actual.config].flatMap((one: Config) => Object.keys(one))),
  ]
    .filter((key) => !own.includes(key) && differing(key));
  const named = (key: string): Config => ({ [key]: expected.config[key] });
  return {
    unlike: [
      ...differences(plain(expected.spec), plain(actual.spec), ""),
      ...headIsDenied(expected, actual),
      ...keys.filter((key) => decisive.includes(key)).flatMap((
        key,
      ) => [...differences(named(key), { [key]: actual.config[key] }, "")]),
    ],
    others: keys.filter((key) => !decisive.includes(key)),
  };
}
