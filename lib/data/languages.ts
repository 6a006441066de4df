// Languages of a model that translates between many (mBART, M2M100, NLLB): a token beside each text says in which one it is.

import { excerpt } from "../core/excerpt.ts";
import { nearest } from "../core/options.ts";

/** Names as these models have them: `de_DE`, `__de__`, `deu_Latn`. */
const names = /^(?:__[a-z]{2,3}__|[a-z]{2,3}_(?:[A-Z]{2}|[A-Z][a-z]{3}))$/;

/** What is needed of a tokenizer. */
interface Words {
  encode(text: string): ArrayLike<number>;
  decode(tokens: readonly number[]): string;
  readonly special: ReadonlySet<number>;
}

/** How texts of a language become tokens. */
export interface Language {
  /** The tokens of a text, with the language's where the tokenizer puts that of another, or else before the text. */
  encode(text: string): Int32Array;
  /** The id by which texts say that they are in it. */
  readonly token: number;
  /** Whether it stands behind texts (mBART of 25 languages), so that a decoder starts with it. */
  readonly isBehind: boolean;
}

/**
 * A language of a model.
 *
 * @param tokenizer The model's tokenizer.
 * @param name The language by its token, such as `de_DE`, `__de__` or `deu_Latn`.
 * @returns How its texts become tokens.
 * @throws {RangeError} If the model has no such language.
 */
export function languageOf(tokenizer: Words, name: string): Language {
  const known = new Map(
    [...tokenizer.special].map((id) => [tokenizer.decode([id]).trim(), id] as const)
      .filter(([word]) => names.test(word)),
  );
  const token = known.get(name);
  if (token === undefined) {
    const meant = nearest(name, [...known.keys()]);
    const all = known.size === 0
      ? "the model's tokenizer has no tokens of languages"
      : `the model's languages are ${[...known.keys()].sort().join(", ")}`;
    throw new RangeError(
      `Cannot use the language ${excerpt(name)}: ${
        meant === undefined ? "" : `did you mean "${meant}"? `
      }${all}`,
    );
  }
  const languages = new Set(known.values());
  const isLanguage = (id: number): boolean => languages.has(id);
  const encode = (text: string): Int32Array => {
    const found = Int32Array.from(tokenizer.encode(text));
    return found.some(isLanguage)
      ? found.map((id) => isLanguage(id) ? token : id)
      : Int32Array.of(token, ...found);
  };
  const frame = encode("");
  return { encode, token, isBehind: frame.length > 1 && frame.at(-1) === token };
}
