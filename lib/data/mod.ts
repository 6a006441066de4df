/**
 * Data: texts and phrases from packages, and loaders of what researchers bring. It stands apart from the library, since the packages
 * bring some 300 others along; each is loaded when its data is asked for.
 *
 * ```ts
 * import { cldrPhrases, mobyDick } from "@normkit/normkit/data";
 *
 * const { train, heldOut, tokenizer } = await mobyDick();
 * console.log(`${train.length + heldOut.length} characters, ${tokenizer.vocabulary} of them different`);
 * const phrases = await cldrPhrases("de", "en");
 * console.log(phrases.train.examples[0]);
 * ```
 *
 * @module
 */

export { trainTokenizer, type TrainTokenizerOptions } from "./byte_pairs.ts";
export { type CldrLanguage, cldrPhrases } from "./cldr.ts";
export {
  type ClassDataset,
  type Dataset,
  holdOut,
  type HoldOutOptions,
  type Split,
  type SplitOptions,
} from "./dataset.ts";
export {
  type CaptionDataset,
  type CaptionedImage,
  type DigitGridOptions,
  digitGrids,
} from "./digit_grids.ts";
export { type IdxOptions, readIdx } from "./idx.ts";
export type { Channels, Picture } from "./image_file.ts";
export {
  type ImageDataset,
  type ImageFolderOptions,
  type LabelledImage,
  mnistDigits,
  readImageFolder,
} from "./images.ts";
export {
  type LabelledText,
  phraseLanguages,
  readTextFolder,
  type TextFolderOptions,
} from "./labelled_texts.ts";
export { type LogMel, logMel, type LogMelOptions } from "./log_mel.ts";
export { maskBlocks, type MaskBlocksOptions } from "./masked_patches.ts";
export { type MaskedTokens, maskTokens, type MaskTokensOptions } from "./masked_tokens.ts";
export { mobyDick } from "./moby_dick.ts";
export { nearDuplicateGroups } from "./near_duplicates.ts";
export { type PatchCodebook, patchCodebook, type PatchCodebookOptions } from "./patch_codes.ts";
export { readPairs, type ReadPairsOptions, type SentencePair } from "./pairs.ts";
export { type FileTokenizer, readTokenizer, saveTokenizer } from "./tokenizer_file.ts";
export {
  type LabelledWave,
  readWaveFolder,
  speakerGroups,
  type WaveDataset,
  type WaveFolderOptions,
  type WavePart,
} from "./waves.ts";
