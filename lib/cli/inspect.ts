// `normkit inspect`: what a model is and what can be done with it.

import { openCheckpoint } from "../checkpoint/reader.ts";
import { inspect, inspectionText } from "../convert/inspect.ts";
import { excerpt } from "../core/excerpt.ts";
import { type ConfigFacts, factsOf, whyNotDescribed } from "../families/facts.ts";
import type { Config } from "../families/family.ts";
import { openModel, readConfig } from "../families/open.ts";
import { refusedFamilies } from "../families/refused.ts";
import { families } from "../families/registry.ts";
import { type Command, type Outcome, requireWords } from "./command.ts";

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

/** Norms of one place in all layers, by the names of their tensors. */
interface NamedNorms {
  /** The path, with stars for numbers. */
  readonly path: string;
  /** How many there are. */
  readonly count: number;
  /** How many numbers each has. */
  readonly width: number;
  /** Whether they have biases. */
  readonly biases: boolean;
}

/** The vectors that are called norms in a checkpoint of a type that is not known. */
async function normsByName(checkpoint: string): Promise<NamedNorms[]> {
  using tensors = await openCheckpoint(checkpoint);
  const found = new Map<string, NamedNorms>();
  for (const name of tensors.names) {
    const path = /^(.*(?:norm|ln)[^.]*)\.(?:weight|gamma)$/i.exec(name)?.[1];
    const { shape } = tensors.info(name);
    if (path === undefined || shape.length !== 1) continue;
    const biases = ["bias", "beta"].some((word) => tensors.has(`${path}.${word}`));
    const key = path.replaceAll(/(?<=\.)\d+(?=\.)/g, "*");
    const { count = 0 } = found.get(key) ?? {};
    found.set(key, { path: key, count: count + 1, width: shape[0]!, biases });
  }
  return [...found.values()];
}

/** What can be said of a type that is not known. */
async function inspectUnknown(family: string, checkpoint: string): Promise<Outcome> {
  const norms = await normsByName(checkpoint);
  const refusal = norms.length === 0
    ? "nothing is known of models of this type, and no tensor is called a norm"
    : "nothing is known of models of this type; tensors that are called norms are listed";
  const lines = norms.map(({ path, count, width, biases }) =>
    `  ${path}: ${count} of ${width} numbers, ${biases ? "with biases" : "gains alone"}`
  );
  return {
    report: { family, label: family, refusal, norms },
    text: [`${excerpt(family)}: ${refusal}`, ...lines].join("\n"),
  };
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
Only headers are read. Of some 140 published types it says which norms they have, ε, where norms stand and what is easily
overlooked, also of those that cannot be run here; of other types it lists the tensors that are called norms.

  --json               one JSON object

Examples:
  normkit inspect gpt2
  normkit inspect .normkit/runs/pre-ln+gpas --json`,
  options: { json: { type: "boolean" } },
  run: async (args) => {
    const [path] = requireWords(args, ["DIR"]);
    const { config, checkpoint } = await readConfig(path!);
    const facts = factsOf(config);
    const refused = refusalOf(config, facts);
    if (refused !== undefined) {
      const { family, label, refusal } = refused;
      const text = [`${label} (${family}): ${refusal}`, ...factLines(facts)].join("\n");
      return { report: { ...refused, ...(facts === undefined ? {} : { facts }) }, text };
    }
    const type = config["model_type"];
    if (typeof type === "string" && !families.some(({ id }) => id === type)) {
      return await inspectUnknown(type, checkpoint);
    }
    using model = await openModel(path!);
    const inspection = inspect(model);
    const text = [inspectionText(inspection), ...factLines(facts)].join("\n");
    return { report: { ...inspection, ...(facts === undefined ? {} : { facts }) }, text };
  },
};
