// What commands that read a text take besides --text.

import type { TextOptions } from "../train/text.ts";
import { type Arguments, type Command, flag, textOption, UsageError } from "./command.ts";

/** The options, as `node:util` takes them. */
export const textOptions: Command["options"] = {
  encoding: { type: "string" },
  "keep-line-ends": { type: "boolean" },
};

/** Their lines of a help text. */
export const textHelp =
  `  --encoding NAME      the text's encoding, such as latin1 (that of its byte order mark, or utf-8)
  --keep-line-ends     CR LF and CR stay as they are, instead of becoming LF`;

/**
 * How a text is to be read.
 *
 * @param args The arguments.
 * @returns Its encoding and whether line ends stay.
 * @throws {UsageError} If there is no text to be read so.
 */
export function textOptionsOf(args: Arguments): TextOptions {
  const stranger = Object.keys(textOptions).find((name) => args.values[name] !== undefined);
  if (stranger !== undefined && textOption(args, "text") === undefined) {
    throw new UsageError(`Cannot use --${stranger} without --text: it says how that is read`);
  }
  const encoding = textOption(args, "encoding");
  return {
    ...(encoding === undefined ? {} : { encoding }),
    keepLineEnds: flag(args, "keep-line-ends"),
  };
}
