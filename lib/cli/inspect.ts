// `normkit inspect`: what a model is and what can be done with it.

import { inspect, inspectionText } from "../convert/inspect.ts";
import { openModel, readConfig } from "../families/open.ts";
import { refusedFamilies } from "../families/refused.ts";
import { type Command, requireWords } from "./command.ts";

/** `normkit inspect`: its help, its options, and the run. */
export const inspectCommand: Command = {
  summary: "say what a model is, and what it can be converted to",
  help: `Usage: normkit inspect DIR [options]

DIR is a Hugging Face folder (config.json with model.safetensors or shards), or a run of normkit train without its ending.
Only headers are read.

  --json               one JSON object

Examples:
  normkit inspect gpt2
  normkit inspect .normkit/runs/pre-ln+gpas --json`,
  options: { json: { type: "boolean" } },
  run: async (args) => {
    const [path] = requireWords(args, ["DIR"]);
    const { config } = await readConfig(path!);
    const refused = refusedFamilies.find(({ id }) => id === config["model_type"]);
    if (refused !== undefined) {
      const { id, label, refusal } = refused;
      return { report: { family: id, label, refusal }, text: `${label} (${id}): ${refusal}` };
    }
    using model = await openModel(path!);
    const inspection = inspect(model);
    return { report: inspection, text: inspectionText(inspection) };
  },
};
