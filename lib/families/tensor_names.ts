// Names that other programs gave the tensors of a model, as its family calls them: a module's wrapper, a prefix of all, old words for
// the parameters of norms, and one name for tensors that are shared.

import type { Checkpoint } from "../checkpoint/reader.ts";
import { RenamedCheckpoint } from "../checkpoint/renamed.ts";

/** What tensors are called in a file, by what they are called here. */
type Names = ReadonlyMap<string, string>;

/** A rule by which a name is mended. */
interface Rule {
  /** What it does, in words. */
  readonly said: string;
  /** The name that a tensor should have. */
  mend(name: string): string;
}

/** What torch.compile, FSDP and checkpointing put around modules, at any depth. */
const wrappers = ["_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."];

/** The parameters of a norm in TensorFlow's words. */
const tensorFlow: Readonly<Record<string, string>> = { gamma: "weight", beta: "bias" };

/** The name of a norm's parameter in PyTorch's words. */
function inTorch(name: string): string {
  const end = name.lastIndexOf(".");
  const word = name.slice(end + 1);
  if (!Object.hasOwn(tensorFlow, word)) return name;
  const path = name.slice(0, end);
  const isNorm = /norm|ln/i.test(path.slice(path.lastIndexOf(".") + 1));
  return isNorm ? `${path}.${tensorFlow[word]}` : name;
}

const rules: readonly Rule[] = [
  ...wrappers.map((wrapper): Rule => {
    const pattern = new RegExp(`(?<=^|\\.)${wrapper}`, "g");
    return {
      said: `names: without ${wrapper}`,
      mend: (name) => name.includes(wrapper) ? name.replaceAll(pattern, "") : name,
    };
  }),
  { said: "names: gamma and beta of norms are weight and bias", mend: inTorch },
];

/** Names by a rule; undefined where it changes none, or two would be equal. */
function mendedBy({ mend }: Rule, names: Names): Names | undefined {
  if ([...names.keys()].every((name) => mend(name) === name)) return undefined;
  const mended = new Map([...names].map(([name, stored]) => [mend(name), stored]));
  return mended.size === names.size ? mended : undefined;
}

/** The names that `save_model` of safetensors left out, since another one has the same tensor; the metadata says which. */
function sharedNames({ metadata, names }: Checkpoint): Names {
  const stored = new Set(names);
  return new Map(
    Object.entries(metadata).filter(([name, kept]) => !stored.has(name) && stored.has(kept)),
  );
}

/**
 * Gives the tensors of a checkpoint the names that its model has in transformers.
 *
 * @param checkpoint The checkpoint.
 * @returns It, or the same under mended names; closing one closes the other.
 */
export function mendNames(checkpoint: Checkpoint): Checkpoint {
  const shared = sharedNames(checkpoint);
  const said = [...shared].map(([name, kept]) => `${name} is stored as ${kept}`);
  let names: Names = new Map([
    ...checkpoint.names.map((name) => [name, name] as const),
    ...shared,
  ]);
  for (const rule of rules) {
    const mended = mendedBy(rule, names);
    if (mended === undefined) continue;
    names = mended;
    said.push(rule.said);
  }
  return said.length === 0 ? checkpoint : new RenamedCheckpoint(checkpoint, names, said);
}

/** The first words, so many of them, that more than half of some names have in common. */
function prefixOf(names: readonly string[], words: number): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) {
    const prefix = `${name.split(".", words).join(".")}.`;
    if (name.startsWith(prefix)) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts].find(([, count]) => 2 * count > names.length)?.[0];
}

/**
 * A checkpoint without a prefix that most of its names have, one word or two (`module.`, `base_model.model.`): for names under which
 * no model is found.
 *
 * @param checkpoint The checkpoint.
 * @returns The same tensors under shorter names, the shortest last.
 */
export function withoutPrefix(checkpoint: Checkpoint): readonly Checkpoint[] {
  return [1, 2].flatMap((words) => {
    const prefix = prefixOf(checkpoint.names, words);
    if (prefix === undefined) return [];
    const rule = {
      said: `names: without ${prefix}`,
      mend: (name: string) => name.startsWith(prefix) ? name.slice(prefix.length) : name,
    };
    const names = mendedBy(rule, new Map(checkpoint.names.map((name) => [name, name])));
    return names === undefined ? [] : [new RenamedCheckpoint(checkpoint, names, [rule.said])];
  });
}

/** Heads that share a token table, and what tables are called. */
const heads = ["lm_head.weight", "embed_out.weight", "proj_out.weight"];
const tables = ["wte", "embed_tokens", "word_embeddings", "embed_in", "shared"].flatMap((table) =>
  ["transformer.", "model.", "model.decoder.", "gpt_neox."].map((path) => `${path}${table}.weight`)
);

/**
 * A checkpoint whose one tensor for head and token table is the head's, for each name that the table may have.
 *
 * @param checkpoint The checkpoint.
 * @returns The same tensors, the table among them; none where there is no head.
 */
export function* withTable(checkpoint: Checkpoint): Generator<Checkpoint> {
  const head = heads.find((name) => checkpoint.has(name));
  if (head === undefined || tables.some((name) => checkpoint.has(name))) return;
  for (const table of tables) {
    const names = new Map(checkpoint.names.map((name) => [name, name]));
    names.set(table, head);
    yield new RenamedCheckpoint(checkpoint, names, [`${table} is stored as ${head}`]);
  }
}
