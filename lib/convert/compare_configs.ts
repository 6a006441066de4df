// What two configurations say: every key but those that tell where a folder is from, and everything that a spec holds (ε, heads, rotary
// positions, scales …).

import { canonicalJson } from "../core/json.ts";
import { excerptOf } from "../families/settings.ts";
import type { Config } from "../families/family.ts";
import type { Model } from "../families/model.ts";
import type { ModelSpec } from "../model/spec.ts";

/** Two configurations compared. */
export interface ConfigComparison {
  /** What differs, each as a clause. */
  readonly unlike: readonly string[];
  /** Keys of a folder's origin that differ, such as the path of the source. */
  readonly others: readonly string[];
}

/** Keys that say where a folder is from, and by what it was written. */
const ofOrigin: readonly string[] = ["_name_or_path", "_commit_hash", "transformers_version"];

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
    .filter(differing);
  const others = keys.filter((key) => ofOrigin.includes(key));
  return {
    unlike: [
      ...keys.filter((key) => !ofOrigin.includes(key)).flatMap((key) => [
        ...differences(expected.config[key], actual.config[key], key),
      ]),
      ...headIsDenied(expected, actual),
      ...differences(plain(expected.spec), plain(actual.spec), ""),
    ],
    others,
  };
}
