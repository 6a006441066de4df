// `normkit convert`: Pre-LN to Pre-RMSNorm or Pre-CRMSNorm and back, without changing the function.

import { targets } from "../convert/convert.ts";
import { openModel } from "../families/open.ts";
import { choiceOption, type Command, requireWords, stringOptions, UsageError } from "./command.ts";
import {
  conversionFrom,
  conversionHelp,
  conversionOptions,
  writeConversion,
} from "./conversion.ts";

/** `normkit convert`: its help, its options, and the run. */
export const convertCommand: Command = {
  summary: "convert a model between Pre-LN, Pre-RMSNorm and Pre-CRMSNorm, losslessly",
  help: `Usage: normkit convert DIR OUT --to TARGET [options]

Writes the folder OUT, which must not exist yet: weights, config.json, what lies beside the weights of DIR (tokenizer), and
certificate.json and .txt, which say how equal the two models are. The exit code is 1 where they are not.

  --to TARGET          pre-rmsnorm   weightless RMSNorms on a centered stream
                       pre-crmsnorm  the same without the last value of the stream
                       pre-ln        LayerNorms of gain 1 and bias 0: loads wherever the source does
                       weightless    the norms it has, without gain and bias; what no matrix can take over (behind branches, of
                                     queries and keys) stays and is named
  --tied HOW           a head that shares the token table: untie (where that is needed), or keep (untie)
${conversionHelp}

Examples:
  normkit convert gpt2 gpt2-rms --to pre-rmsnorm
  normkit convert gpt2-rms gpt2-again --to pre-ln`,
  options: { ...conversionOptions, ...stringOptions("to tied") },
  run: async (args) => {
    const [path, out] = requireWords(args, ["DIR", "OUT"]) as [string, string];
    const to = choiceOption(args, "to", targets);
    if (to === undefined) {
      throw new UsageError(`Cannot convert to nothing: --to ${targets.join("|")}`);
    }
    const tied = choiceOption(args, "tied", ["untie", "keep"]) ?? "untie";
    const how = conversionFrom(args);
    using source = await openModel(path);
    return await writeConversion(how, source, { command: "convert", to, tied }, out);
  },
};
