// Names of characters in several languages, from Unicode's CLDR: phrases with their translations, in a package.

import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { platform } from "../platform/mod.ts";
import { type Dataset, holdOut, type Split, splitKinds, type SplitOptions } from "./dataset.ts";
import { nearDuplicateGroups } from "./near_duplicates.ts";
import type { SentencePair } from "./pairs.ts";

/** A language that {@linkcode cldrPhrases} has. */
export type CldrLanguage = "de" | "en" | "es" | "fr" | "it" | "nl";

/** Where each language's file lies. */
async function addresses(): Promise<Readonly<Record<CldrLanguage, string>>> {
  // Brings the package into the module graph, so that its files resolve.
  await import("cldr-annotations-full/package.json", { with: { type: "json" } });
  // Each a literal and in no call's arguments: of no other does `deno publish` take the import map along.
  const de = import.meta.resolve("cldr-annotations-full/annotations/de/annotations.json");
  const en = import.meta.resolve("cldr-annotations-full/annotations/en/annotations.json");
  const es = import.meta.resolve("cldr-annotations-full/annotations/es/annotations.json");
  const fr = import.meta.resolve("cldr-annotations-full/annotations/fr/annotations.json");
  const it = import.meta.resolve("cldr-annotations-full/annotations/it/annotations.json");
  const nl = import.meta.resolve("cldr-annotations-full/annotations/nl/annotations.json");
  return { de, en, es, fr, it, nl };
}

/** A file of the package, as far as it is read: the name of each character, to be spoken (`tts`). */
interface Annotations {
  readonly annotations: {
    readonly annotations: Readonly<Record<string, { readonly tts?: readonly string[] }>>;
  };
}

/** The name of each character. */
async function namesOf(address: string): Promise<Map<string, string>> {
  const text = new TextDecoder().decode(await platform.readResource(address));
  const { annotations } = (JSON.parse(text) as Annotations).annotations;
  const named = Object.entries(annotations).map(([character, { tts }]) => [character, tts?.[0]]);
  return new Map(named.filter((row): row is [string, string] => row[1] !== undefined));
}

/** The names of characters in every language. */
export interface CldrNames {
  /** Their codes, in the order of the alphabet. */
  readonly languages: readonly CldrLanguage[];
  /** For each character that all of them name its names, in the order of the languages. */
  readonly names: readonly (readonly string[])[];
}

/** @returns The names of all characters in every language. */
export async function cldrNames(): Promise<CldrNames> {
  const files = await addresses();
  const languages = Object.keys(files) as CldrLanguage[];
  const [first, ...others] = await Promise.all(
    languages.map((language) => namesOf(files[language])),
  );
  const names = [...first!].flatMap(([character, name]): string[][] => {
    const row = [name, ...others.map((named) => named.get(character))];
    return row.every((one) => one !== undefined) ? [row as string[]] : [];
  });
  return { languages, names };
}

/**
 * Some 1,900 phrases with their translations: the names that Unicode's CLDR gives to emoji and signs, such as "grinning face" and
 * "grinsendes Gesicht". No phrase of the one part has a near-duplicate in the other, in either language.
 *
 * @param from The language to translate from.
 * @param to The language to translate into, another one.
 * @param options The share that is held out, and the seed that draws it.
 * @returns The pairs to train on, and those held out.
 * @throws {RangeError} If a language is not there, or both are the same.
 */
export async function cldrPhrases(
  from: CldrLanguage,
  to: CldrLanguage,
  options: SplitOptions = {},
): Promise<Split<Dataset<SentencePair>>> {
  requireOptions("cldrPhrases()", options, splitKinds);
  const files = await addresses();
  const languages = Object.keys(files) as CldrLanguage[];
  requireOneOf("from", from, languages);
  requireOneOf("to", to, languages.filter((language) => language !== from));
  const [sources, targets] = await Promise.all([namesOf(files[from]), namesOf(files[to])]);
  const examples = [...sources].flatMap(([character, phrase]): SentencePair[] => {
    const translation = targets.get(character);
    return translation === undefined ? [] : [{ source: phrase, target: translation }];
  });
  const groups = nearDuplicateGroups(
    examples.map((pair) => pair.source),
    examples.map((pair) => pair.target),
  );
  const name = `CLDR phrases, ${from} to ${to} (npm cldr-annotations-full 48.2.0)`;
  return holdOut({ name, examples }, { ...options, groups });
}
