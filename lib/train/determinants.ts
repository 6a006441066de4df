// All that determines a run, and its hash, by which a run that is there is known to be the one that is meant.

import { readAll } from "../backend/read.ts";
import { canonicalJson } from "../core/json.ts";
import { tensorsOf } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { DescribedDecoder, DescribedParameters } from "../decoder/described.ts";
import { sha256Of } from "../platform/hash.ts";
import { codeOf } from "../residual/code.ts";
import type { Residual } from "../residual/types.ts";
import { completeFineTuning, completeSettings } from "./complete_settings.ts";
import type { Corpus } from "./corpus.ts";
import type {
  DataFacts,
  FineTuneSettings,
  Manifest,
  RunSettings,
  TextFacts,
  TrainSettings,
} from "./record.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** All that determines a run, beside the versions of the code. */
export interface Determinants {
  /** The settings as the caller wrote them. */
  readonly settings: TrainSettings;
  /** The text. */
  readonly corpus: Corpus;
  /** The tfjs backend. */
  readonly backend: string;
  /** The variant, where it is one of the caller's own. */
  readonly residual?: Residual | undefined;
  /** The form in which the loss is computed: its name, or where it has none the text of its function. */
  readonly form?: string | undefined;
  /** What is looked at: its names, or where there are none the text of the function that looks. */
  readonly probes?: unknown;
  /** The hash of the parameters that the run starts from, where they are not drawn from the seed. */
  readonly start?: string | undefined;
}

/**
 * The configuration of the model that is trained.
 *
 * @param run The run.
 * @returns Its settings' model, with the text's vocabulary and the caller's variant.
 */
export function configOf({ settings, corpus, residual }: Determinants): DecoderConfig {
  return {
    ...settings.model,
    vocabulary: corpus.tokenizer.vocabulary,
    ...(residual === undefined ? {} : { residual }),
  };
}

/**
 * The hash of parameters that a run starts from.
 *
 * @param parameters The parameters; they are read.
 * @returns The SHA-256 of their paths and numbers.
 */
export async function hashOfParameters(parameters: DescribedParameters): Promise<string> {
  const leaves = tensorsOf(parameters);
  const values = await readAll(leaves.map(({ value }) => value));
  return sha256Of(...leaves.flatMap(({ path }, at) => [path, values[at]!]));
}

/** The last hash of tokens by the array of those that are trained on: a text serves many runs. */
const hashes = new WeakMap<Int32Array, { readonly heldOut: Int32Array; readonly hash: string }>();

function hashOfTokens(train: Int32Array, heldOut: Int32Array): string {
  const known = hashes.get(train);
  if (known?.heldOut === heldOut) return known.hash;
  const hash = sha256Of(train, heldOut);
  hashes.set(train, { heldOut, hash });
  return hash;
}

/** What a manifest says of all that determines its run. */
export type Determined<S extends RunSettings, D extends DataFacts> = Pick<
  Manifest<S, D>,
  "settings" | "defaults" | "corpus" | "determines"
>;

/** What a complete object has and the given one leaves open, in the same places. */
function leftOpen(given: object, complete: object): Record<string, unknown> {
  const known = new Map(Object.entries(given));
  const open = Object.entries(complete).map(([name, value]) => {
    const own: unknown = known.get(name);
    if (own === undefined) return { [name]: value };
    if (typeof own !== "object" || own === null || Array.isArray(own)) return {};
    const inside = leftOpen(own, value);
    return Object.keys(inside).length === 0 ? {} : { [name]: inside };
  });
  return Object.assign({}, ...open);
}

/** What a manifest says of a text. */
function factsOf<T extends Tokenizer>(
  { name, train, heldOut, bytesPerToken, tokenizer }: Corpus<T>,
): TextFacts<T> {
  const { characters } = tokenizer as { readonly characters?: string };
  return {
    name,
    trainTokens: train.length,
    heldOutTokens: heldOut.length,
    bytesPerToken,
    ...(characters === undefined ? {} : { characters }),
    sha256: hashOfTokens(train, heldOut),
  } as TextFacts<T>;
}

/**
 * What a manifest says of all that determines its run.
 *
 * @param settings The settings as they are.
 * @param complete The same with every choice made.
 * @param data What is known of the data.
 * @param others What else determines the run, as JSON has it.
 * @returns All, and its hash.
 */
export function determinedBy<S extends RunSettings, D extends DataFacts>(
  settings: S,
  complete: S,
  data: D,
  others: object,
): Determined<S, D> {
  const { name: _, ...corpus } = data;
  return {
    settings,
    defaults: leftOpen(settings, complete),
    corpus: data,
    determines: sha256Of(canonicalJson({ settings: complete, corpus, ...others })),
  };
}

/**
 * What a manifest says of all that determines its run.
 *
 * @param run All that determines it.
 * @returns The settings as they are and as they were completed, the text, and the SHA-256 of the canonical JSON of all. What the text
 * is called, the versions and the machine are not in the hash.
 * @throws {RangeError} If a setting is out of range.
 */
export function determined(run: Determinants): Determined<TrainSettings, TextFacts> {
  const { settings, corpus, residual, ...others } = run;
  const complete = completeSettings(settings, configOf(run));
  const code = residual && codeOf(residual, settings.model.depth);
  return determinedBy(settings, complete, factsOf(corpus), { code, ...others });
}

/**
 * What a manifest says of all that determines a fine-tuning.
 *
 * @param run Settings, text and backend, the model, and the hash of the parameters that it starts from.
 * @returns As of {@linkcode determined}; the hash is of the spec too.
 * @throws {RangeError} If a setting is out of range.
 */
export function determinedFineTuning<T extends Tokenizer>(
  { settings, corpus, model, ...others }: {
    readonly settings: FineTuneSettings;
    readonly corpus: Corpus<T>;
    readonly model: DescribedDecoder;
    readonly backend: string;
    readonly start: string;
    readonly probes: unknown;
  },
): Determined<FineTuneSettings, TextFacts<T>> {
  const complete = completeFineTuning(settings, model.context);
  return determinedBy(settings, complete, factsOf(corpus), { spec: model.spec, ...others });
}
