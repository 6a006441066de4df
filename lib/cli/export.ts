// `normkit export`: a model, converted or not, in the form that other engines load.

import { openModel } from "../families/open.ts";
import {
  type Command,
  openHelp,
  openOptions,
  requireWords,
  stringOptions,
  UsageError,
} from "./command.ts";
import { conversionFrom, conversionOptions, storageHelp, writeConversion } from "./conversion.ts";

/** `normkit export`: its help, its options, and the run. */
export const exportCommand: Command = {
  summary: "write a model in the form that other engines load: ONNX, GPT-2 or Llama",
  help: `Usage: normkit export DIR OUT --as FORM [options]

Writes the folder OUT, which must not exist yet, from a model, converted or not, or a run. As GPT-2 or Llama its norms are converted
where that is exact, and a certificate says how equal it is; what has no place there is refused with the reason.

  --as FORM            onnx: model.onnx; gpt2 or llama: a plain model of that family
${openHelp}
${storageHelp}

Examples:
  normkit export gpt2 gpt2-onnx --as onnx
  normkit export olmo-1b olmo-llama --as llama
  normkit export .normkit/runs/pre-ln plain --as gpt2`,
  options: { ...conversionOptions, ...stringOptions("alibi") },
  run: async (args) => {
    const [path, out] = requireWords(args, ["DIR", "OUT"]) as [string, string];
    const how = conversionFrom(args);
    if (how.form === "safetensors") {
      throw new UsageError("Cannot export to nothing: --as onnx|gpt2|llama");
    }
    using source = await openModel(path, openOptions(args));
    return await writeConversion(how, source, { command: "export" }, out);
  },
};
