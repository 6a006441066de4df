// Sentences with their translations, from two files whose lines belong together, as IWSLT's `train.de` and `train.en`.

import { excerpt } from "../core/excerpt.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { linesOf } from "../platform/text_file.ts";
import { openText, type TextOptions } from "../train/text.ts";
import type { Dataset } from "./dataset.ts";

/** A sentence and its translation. */
export interface SentencePair {
  /** The sentence. */
  readonly source: string;
  /** Its translation. */
  readonly target: string;
}

/** Options of {@linkcode readPairs}. */
export interface ReadPairsOptions extends Pick<TextOptions, "encoding"> {
  /** Where the sentences are from, for the run record; the two paths by default. */
  readonly name?: string;
}

const pairKinds: OptionKinds<ReadPairsOptions> = { encoding: "string?", name: "string?" };

async function linesOfFile(
  path: string,
  { encoding }: ReadPairsOptions,
): Promise<AsyncIterator<string, undefined>> {
  const { pieces } = await openText(path, encoding === undefined ? {} : { encoding });
  return linesOf(pieces);
}

/** The line as it is; an empty one is refused. */
function requireText(text: string, line: number, path: string, other: string): string {
  if (text.trim() !== "") return text;
  throw new RangeError(
    `Cannot use line ${line} of ${path}: it is empty, and line ${line} of the other file is ${
      excerpt(other)
    }; both must hold a sentence`,
  );
}

/**
 * Reads two text files whose lines are translations of each other.
 *
 * @param source The file of the sentences.
 * @param target The file of their translations: as many lines.
 * @param options The files' encoding, and a name for the run record.
 * @returns The pairs, each line as it is.
 * @throws {RangeError} If a file cannot be read as text, one has more lines than the other, a line is empty, or there is none.
 */
export async function readPairs(
  source: string,
  target: string,
  options: ReadPairsOptions = {},
): Promise<Dataset<SentencePair>> {
  requireOptions("readPairs()", options, pairKinds);
  const [sources, targets] = [
    await linesOfFile(source, options),
    await linesOfFile(target, options),
  ];
  const examples: SentencePair[] = [];
  while (true) {
    const [one, other] = [await sources.next(), await targets.next()];
    const line = examples.length + 1;
    if (one.done === true && other.done === true) break;
    if (one.done === true || other.done === true) {
      const [short, long] = one.done === true ? [source, target] : [target, source];
      await Promise.all([sources.return?.(), targets.return?.()]);
      throw new RangeError(
        `Cannot pair ${source} with ${target}: ${short} ends after line ${
          line - 1
        }, and ${long} has a line ${line}; ` +
          "both must have as many lines",
      );
    }
    examples.push({
      source: requireText(one.value, line, source, other.value),
      target: requireText(other.value, line, target, one.value),
    });
  }
  if (examples.length === 0) {
    throw new RangeError(`Cannot pair ${source} with ${target}: both are empty`);
  }
  return { name: options.name ?? `${source}, ${target}`, examples };
}
