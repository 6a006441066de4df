// `normkit fold`: what was trained with a variant, as a plain Pre-LN or Post-LN model.

import { openModel } from "../families/open.ts";
import { type Command, requireWords } from "./command.ts";
import {
  conversionFrom,
  conversionHelp,
  conversionOptions,
  writeConversion,
} from "./conversion.ts";

/** `normkit fold`: its help, its options, and the run. */
export const foldCommand: Command = {
  summary: "fold GPAS, DeepNorm, LNS or LayerScale into a plain model",
  help: `Usage: normkit fold DIR OUT [options]

Folds the gates of GPAS, DeepNorm's constant, LNS's factors and LayerScale into weights and ε, so that the model needs none of
them. Writes the folder OUT, which must not exist yet, with a certificate.

${conversionHelp}

Examples:
  normkit fold .normkit/runs/pre-ln+gpas folded
  normkit fold dinov2-small dinov2-plain`,
  options: conversionOptions,
  run: async (args) => {
    const [path, out] = requireWords(args, ["DIR", "OUT"]) as [string, string];
    const how = conversionFrom(args);
    using source = await openModel(path);
    return await writeConversion(how, source, { command: "fold" }, out);
  },
};
