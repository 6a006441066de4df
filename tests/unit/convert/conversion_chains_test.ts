// Conversions one after the other, and back: each link and both ends pass, by the record and by outputs alone.

import { assertEquals } from "@std/assert";
import type { Target } from "../../../lib/convert/convert.ts";
import { storedModel } from "../../../lib/convert/stored_model.ts";
import { verify } from "../../../lib/convert/verify.ts";
import { version } from "../../../lib/core/version.ts";
import { recordedConversion, take } from "../../../lib/export/steps.ts";
import type { Model } from "../../../lib/families/model.ts";
import { onBackend } from "../../support/backends.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { changedModel } from "../../support/tensor_rows.ts";

const families = [
  ...["blenderbot", "bloom", "clip", "cohere", "deit", "falcon", "gpt-neo", "gpt-neox", "gpt2"],
  ...["gptj", "mbart", "mpt", "olmo-tied", "opt", "stablelm-parallel", "starcoder2", "wav2vec2"],
  ...["whisper", "xlm-roberta-xl"],
] as const;

const dtypes = ["F32", "F16", "BF16"] as const;

const chains: readonly (readonly Target[])[] = [
  ["pre-rmsnorm", "pre-ln"],
  ["pre-rmsnorm", "pre-crmsnorm"],
  ["pre-crmsnorm", "pre-rmsnorm", "pre-ln"],
  ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"],
  ["pre-crmsnorm", "pre-ln"],
  ["weightless", "pre-rmsnorm"],
];

/** The folders of a chain, the source first; the first conversion stores in a dtype, the others keep it. */
async function foldersOf(
  source: Model,
  chain: readonly Target[],
  dtype: typeof dtypes[number],
): Promise<Model[]> {
  const folders = [source];
  for (const [at, to] of chain.entries()) {
    const stored = at === 0 ? { dtype } : {};
    const step = { command: "convert", to, tied: "untie", ...stored, normkit: version } as const;
    const made = await take(folders.at(-1)!, step);
    folders.push(storedModel(made.model, made.dtype));
  }
  return folders;
}

/** What a pair of folders fails. */
async function failuresOf(a: Model, b: Model, byRecord: boolean): Promise<string[]> {
  const conversion = byRecord ? await recordedConversion(a, b) : undefined;
  const { checks } = await verify(a, b, {
    sequences: 1,
    ...(conversion === undefined ? {} : { conversion }),
  });
  return checks.filter(({ passed }) => !passed)
    .map(({ name, measured, limit }) => `${name}: ${measured}, ${limit}`);
}

for (const name of families) {
  Deno.test(`verify() passes chains of conversions of ${name}`, () =>
    onBackend("cpu", async () => {
      using source = await openGolden(name);
      for (const [at, chain] of chains.entries()) {
        const dtype = dtypes[at % dtypes.length]!;
        const folders = await foldersOf(source, chain, dtype);
        const last = folders.at(-1)!;
        const pairs = folders.slice(1).map((folder, before) => [folders[before]!, folder] as const);
        for (const [a, b] of [...pairs, [source, last] as const]) {
          assertEquals(await failuresOf(a, b, true), [], `${chain.join(", ")} in ${dtype}`);
        }
        assertEquals(
          await failuresOf(source, last, false),
          [],
          `${chain.join(", ")}, outputs alone`,
        );
        assertEquals(await failuresOf(last, source, false), [], "the other way round");
      }
    }));
}

/** What is folded, by what it is called. */
const trained: Readonly<Record<string, () => Promise<Model & Partial<Disposable>>>> = {
  "gates": () => Promise.resolve(withGates(normkitModel({ ...small, residual: "pre-ln+gpas" }))),
  "gates behind additions": () =>
    Promise.resolve(withGates(normkitModel({ ...small, residual: "deep-norm+gpas" }))),
  "LayerScale": () => openGolden("dinov2"),
};

/** Gates that are not closed. */
function withGates(model: Model): Model {
  return changedModel(model, { number: (value, name) => name.endsWith(".gate") ? 0.4 : value });
}

for (const [what, open] of Object.entries(trained)) {
  Deno.test(`verify() passes folds of ${what}, and what is converted of them`, () =>
    onBackend("cpu", async () => {
      const source = await open();
      try {
        for (const dtype of dtypes) {
          const fold = { command: "fold", dtype, normkit: version } as const;
          const made = await take(source, fold);
          const folded = storedModel(made.model, made.dtype);
          assertEquals(await failuresOf(source, folded, true), [], dtype);
          assertEquals(await failuresOf(source, folded, false), [], `${dtype}, outputs alone`);
          if (what === "gates behind additions") continue;
          const rms = await foldersOf(folded, ["pre-rmsnorm"], dtype);
          assertEquals(await failuresOf(source, rms.at(-1)!, true), [], `${dtype}, converted`);
        }
      } finally {
        source[Symbol.dispose]?.();
      }
    }));
}
