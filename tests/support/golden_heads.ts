// The golden heads: heads of transformers on the bodies of the golden checkpoints, with what they make of inputs.

import { type Checkpoint, openCheckpoint } from "../../lib/checkpoint/reader.ts";
import { readTensor, type TensorSource } from "../../lib/checkpoint/tensors.ts";
import type { Config } from "../../lib/families/family.ts";
import { describeModel, type Model } from "../../lib/families/model.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { editedTensors, type TensorEdits } from "./edited_tensors.ts";
import { type Golden, goldenIn, openGolden, valuesIn } from "./golden_models.ts";

const folder = `${checkout}/tests/golden/heads`;

/** All, in the order of their names. */
export const goldenHeadNames: readonly string[] = [...Deno.readDirSync(folder)]
  .map(({ name }) => name.replace(/\.safetensors$/, ""))
  .sort();

/** What a file says of the model that its heads belong to. */
interface Facts {
  /** The golden checkpoint of its body. */
  readonly checkpoint: string;
  /** What the names of that one lose in front, and get. */
  readonly prefix: readonly [string, string];
  /** Tensors of that one which are gone, by their new names. */
  readonly without: readonly string[];
  /** Keys of its configuration that are others. */
  readonly config: Config;
}

/** How the names of parameters start in a file, beside those of inputs and outputs. */
const start = "parameters.";

/** The parameters of heads in a file. */
async function parametersOf(file: Checkpoint): Promise<NonNullable<TensorEdits["added"]>> {
  const names = file.names.filter((name) => name.startsWith(start));
  const tensors = names.map(async (name) => {
    const values = await readTensor(file, name);
    return [name.slice(start.length), { ...file.info(name), values }] as const;
  });
  return Object.fromEntries(await Promise.all(tensors));
}

/** A source whose names start otherwise. */
function renamed(source: TensorSource, [before, after]: Facts["prefix"]): TensorSource {
  const names = new Map(
    source.names.map((name) =>
      [name.startsWith(before) ? `${after}${name.slice(before.length)}` : name, name] as const
    ),
  );
  return {
    names: [...names.keys()],
    has: (name) => names.has(name),
    info: (name) => source.info(names.get(name) ?? name),
    rows: (name, first, count) => source.rows(names.get(name) ?? name, first, count),
  };
}

/** A model with golden heads, what it reads, and what transformers makes of that; the caller closes it. */
export interface HeadGolden extends Golden, Disposable {
  readonly model: Model;
}

/** Opens golden heads on their body. */
export async function openGoldenHead(name: string): Promise<HeadGolden> {
  using file = await openCheckpoint(`${folder}/${name}.safetensors`);
  const facts: Facts = JSON.parse(file.metadata["facts"]!);
  const golden = await openGolden(facts.checkpoint);
  const added = await parametersOf(file);
  const gone = new Set(facts.without);
  const own = renamed(golden.tensors, facts.prefix);
  const kept = { ...own, names: own.names.filter((one) => !gone.has(one)) };
  const tensors = editedTensors(kept, { added });
  return {
    model: describeModel(golden.family, { ...golden.config, ...facts.config }, tensors),
    ...goldenIn(await valuesIn(file, file.names.filter((one) => !one.startsWith(start)))),
    [Symbol.dispose]: () => golden.close(),
  };
}
