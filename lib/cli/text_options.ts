// What commands that read a text take besides --text.

import type { TextOptions } from "../train/text.ts";
import { type Arguments, type Command, flag, textOption } from "./command.ts";

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
 */
export function textOptionsOf(args: Arguments): TextOptions {
  const encoding = textOption(args, "encoding");
  return {
    ...(encoding === undefined ? {} : { encoding }),
    keepLineEnds: flag(args, "keep-line-ends"),
  };
}
