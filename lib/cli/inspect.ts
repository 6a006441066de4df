// `normkit inspect`: what a model is and what can be done with it.

import { inspect, inspectionText } from "../convert/inspect.ts";
import { type ConfigFacts, factsOf, whyNotDescribed } from "../families/facts.ts";
import type { Config } from "../families/family.ts";
import { openModel, readConfig } from "../families/open.ts";
import { refusedFamilies } from "../families/refused.ts";
import { families } from "../families/registry.ts";
import { type Command, requireWords } from "./command.ts";

/** Why a model of a known type cannot be opened. */
function refusalOf(
  config: Config,
  facts: ConfigFacts | undefined,
): { readonly family: string; readonly label: string; readonly refusal: string } | undefined {
  const family = String(config["model_type"]);
  const refused = refusedFamilies.find(({ id }) => id === family);
  if (refused !== undefined) return { family, label: refused.label, refusal: refused.refusal };
  if (facts === undefined || families.some(({ id }) => id === family)) return undefined;
  return { family, label: facts.label, refusal: whyNotDescribed(facts) };
}

/** What is known of a type, as rows. */
function factLines(facts: ConfigFacts | undefined): string[] {
  if (facts === undefined) return [];
  const { norm, eps, placement, final, entry = "as they are", traps } = facts;
  const rows = { norms: `${norm}, ε ${eps}`, place: placement, final, embeddings: entry };
  const all = Object.entries({ ...rows, ...(traps === undefined ? {} : { beware: traps }) });
  return [
    "models of this type have",
    ...all.map(([name, text]) => `  ${name.padEnd(12)} ${text}`),
  ];
}

/** `normkit inspect`: its help, its options, and the run. */
export const inspectCommand: Command = {
  summary: "say what a model is, and what it can be converted to",
  help: `Usage: normkit inspect DIR [options]

DIR is a Hugging Face folder (config.json with model.safetensors or shards), or a run of normkit train without its ending.
Only headers are read. Of some hundred published types it says which norms they have, ε, where norms stand and what is easily
overlooked, also of those that cannot be run here.

  --json               one JSON object

Examples:
  normkit inspect gpt2
  normkit inspect .normkit/runs/pre-ln+gpas --json`,
  options: { json: { type: "boolean" } },
  run: async (args) => {
    const [path] = requireWords(args, ["DIR"]);
    const { config } = await readConfig(path!);
    const facts = factsOf(config);
    const refused = refusalOf(config, facts);
    if (refused !== undefined) {
      const { family, label, refusal } = refused;
      const text = [`${label} (${family}): ${refusal}`, ...factLines(facts)].join("\n");
      return { report: { ...refused, ...(facts === undefined ? {} : { facts }) }, text };
    }
    using model = await openModel(path!);
    const inspection = inspect(model);
    const text = [inspectionText(inspection), ...factLines(facts)].join("\n");
    return { report: { ...inspection, ...(facts === undefined ? {} : { facts }) }, text };
  },
};
