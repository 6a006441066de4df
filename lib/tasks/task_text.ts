// What a task's models read texts by, for the record of a run: whoever opens the run gives them texts in the same tokens.

import type { SentenceTokens } from "./model_tokens.ts";
import type { RunRecord, TokenFacts } from "../train/record.ts";
import type { Tokenizer } from "../train/tokenizer.ts";

/** How a task's texts become tokens. */
export interface TaskText extends Partial<SentenceTokens> {
  /** Between texts and tokens. */
  readonly tokenizer: Tokenizer;
  /** What stands for a token that is to be guessed. */
  readonly mask?: number;
}

/** What a record holds of it. */
interface RecordedText extends Pick<RunRecord, "tokenizer"> {
  readonly tokens?: TokenFacts;
}

/**
 * What the record of a run holds of a task's texts.
 *
 * @param text How they become tokens, where there are texts.
 * @returns Characters and the tokens around sentences for the manifest, byte pairs for a file of their own.
 */
export function recordedText(text: TaskText | undefined): RecordedText {
  if (text === undefined) return {};
  const { tokenizer, ...special } = text;
  const { characters, table } = tokenizer as Tokenizer & {
    readonly characters?: string;
    readonly table?: RunRecord["tokenizer"];
  };
  return {
    tokens: { ...(characters === undefined ? {} : { characters }), ...special },
    ...(table === undefined ? {} : { tokenizer: table }),
  };
}
