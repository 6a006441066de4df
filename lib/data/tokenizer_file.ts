// Tokenizers by their `tokenizer.json`, as Hugging Face's libraries write it.

import { Tokenizer as Implementation } from "@huggingface/tokenizers";
import { tokenizerOfRun } from "../families/model_folder.ts";
import { exists, writeAtomically } from "../platform/files.ts";
import { readJson } from "../platform/json_file.ts";
import { platform } from "../platform/mod.ts";
import type { Tokenizer } from "../train/tokenizer.ts";
import { type PreTokenizer, withUnicodeSpaces } from "./pretokens.ts";

/** A tokenizer that a file describes. */
export interface FileTokenizer extends Tokenizer {
  /** The content of its `tokenizer.json`. */
  readonly table: Readonly<Record<string, unknown>>;
  /** Tokens that are no part of a text, such as its end. */
  readonly special: ReadonlySet<number>;
}

type Table = FileTokenizer["table"];

async function readTable(path: string): Promise<Table | undefined> {
  try {
    return await readJson(path) as Table;
  } catch (error) {
    if (platform.faultOf(error) === "absent") return undefined;
    throw error;
  }
}

/** What is read of the file to know where its texts may be cut. */
interface Rules {
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: PreTokenizer;
  readonly post_processor?: Readonly<Record<string, unknown>> | null;
  readonly added_tokens?: readonly { content: string; lstrip?: boolean; rstrip?: boolean }[];
}

/**
 * Whether no token reaches over the places that {@linkcode cuts} finds: GPT-2's pretokens end there, and nothing else looks at what is
 * around.
 */
function isCuttable(table: Table): boolean {
  const { normalizer, pre_tokenizer, post_processor, added_tokens = [] } = table as Rules;
  const { type, use_regex = true, add_prefix_space } = pre_tokenizer ?? {};
  return (normalizer ?? null) === null && type === "ByteLevel" && use_regex === true &&
    add_prefix_space !== true && (post_processor?.["type"] ?? "ByteLevel") === "ByteLevel" &&
    added_tokens.every(({ content, lstrip, rstrip }) =>
      !/\s/.test(content) && lstrip !== true && rstrip !== true
    );
}

/** Where a letter is followed by a space and a letter, or the end of a line by what is no space. */
const cuts = /(?<=\p{L})(?= \p{L})|(?<=\n)(?=\P{White_Space})/gu;

/** About how many units of a text are encoded at once, so that a large text takes no more memory than its tokens. */
const pieceLength = 2 ** 15;

function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    cuts.lastIndex = start + pieceLength;
    const end = cuts.exec(text)?.index ?? text.length;
    yield text.slice(start, end);
    start = end;
  }
}

/** Puts the tokens of pieces together. */
function joinTokens(pieces: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/**
 * The tokenizer of a table.
 *
 * @param table The content of a `tokenizer.json`.
 * @param path Where it is from, for messages.
 * @param settings The content of the `tokenizer_config.json` beside it.
 * @returns The tokenizer.
 * @throws {RangeError} If it is broken, or of a kind that is not known.
 */
export function tokenizerOfTable(table: Table, path: string, settings: object = {}): FileTokenizer {
  const named = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      const complaint = cause instanceof Error ? cause.message : String(cause);
      throw new RangeError(`Cannot use ${path}: ${complaint}`, { cause });
    }
  };
  const own = named(() => {
    const { pre_tokenizer } = table as Rules;
    return new Implementation(
      { ...table, pre_tokenizer: withUnicodeSpaces(pre_tokenizer) },
      { clean_up_tokenization_spaces: false, ...settings }, // as in transformers 5: texts come back as they were
    );
  });
  const encode = (text: string): Int32Array => Int32Array.from(own.encode(text).ids);
  const cuttable = named(() => isCuttable(table));
  const added = named(() => [...own.get_added_tokens_decoder()]);
  return {
    table,
    special: new Set(added.filter(([, { special }]) => special).map(([id]) => id)),
    vocabulary: named(() => own.get_vocab(true).size),
    encode: (text) =>
      named(() => cuttable ? joinTokens(Array.from(piecesOf(text), encode)) : encode(text)),
    decode: (ids) => {
      const list = [...ids];
      return list.length === 0 ? "" : named(() => own.decode(list));
    },
  };
}

/**
 * Reads a tokenizer.
 *
 * @param folder The folder with its `tokenizer.json`, and `tokenizer_config.json` where there is one; or a run, without its ending.
 * @returns The tokenizer.
 * @throws {RangeError} If there is none, it is broken, or of a kind that is not known.
 */
export async function readTokenizer(folder: string): Promise<FileTokenizer> {
  const isRun = await exists(`${folder}.json`) && !await exists(`${folder}/config.json`);
  const path = isRun ? tokenizerOfRun(folder) : `${folder}/tokenizer.json`;
  const table = await readTable(path);
  if (table === undefined) throw new RangeError(`Cannot read text: there is no ${path}`);
  return tokenizerOfTable(table, path, await readTable(`${folder}/tokenizer_config.json`) ?? {});
}

/**
 * Writes the `tokenizer.json` of a tokenizer, which Hugging Face's libraries read.
 *
 * @param folder The folder; it is made where it is missing.
 * @param tokenizer The tokenizer.
 * @throws {RangeError} If it cannot be written.
 */
export async function saveTokenizer(folder: string, { table }: FileTokenizer): Promise<void> {
  await writeAtomically(`${folder}/tokenizer.json`, `${JSON.stringify(table, null, 2)}\n`);
}
