// A converted folder that somebody changed: from one number by one unit in the last place to a layer that is gone.

import { assert, assertEquals } from "@std/assert";
import { type DType, ulp } from "../../../lib/checkpoint/dtype.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import type { Certificate } from "../../../lib/convert/certificate.ts";
import { storedModel } from "../../../lib/convert/stored_model.ts";
import { verify } from "../../../lib/convert/verify.ts";
import { version } from "../../../lib/core/version.ts";
import { recordedConversion, take } from "../../../lib/export/steps.ts";
import type { Config } from "../../../lib/families/family.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { onBackend } from "../../support/backends.ts";
import { openGolden } from "../../support/golden_models.ts";
import { changedTensors, type Changes } from "../../support/tensor_rows.ts";

/** What is done to a folder. */
interface Tampering {
  /** Other numbers, tensors more or fewer. */
  readonly tensors?: (of: Folder) => Changes;
  /** Another configuration. */
  readonly config?: (config: Config) => Config;
}

/** What a tampering can look at. */
interface Folder {
  readonly dtype: DType;
  read(name: string): { readonly shape: readonly number[]; readonly values: Float64Array };
}

const [table, head] = ["transformer.wte.weight", "lm_head.weight"];
const [first, second] = ["transformer.h.0", "transformer.h.1"];

/** Changes one number of a tensor, counted from its end where below 0. */
const one = (
  tensor: string,
  place: number,
  change: (value: number, dtype: DType) => number,
): Tampering => ({
  tensors: ({ dtype, read }) => {
    const at = place < 0 ? read(tensor).values.length + place : place;
    return {
      number: (value, name, here) => name === tensor && here === at ? change(value, dtype) : value,
    };
  },
});

const up = (value: number, dtype: DType): number => value + ulp(dtype, value);
const down = (value: number, dtype: DType): number =>
  -up(-value, dtype) === value ? value - 2 * ulp(dtype, value) : -up(-value, dtype);

/** Changes a whole tensor. */
const all = (
  tensor: string,
  change: (values: Float64Array, shape: readonly number[], of: Folder) => Float64Array,
): Tampering => ({
  tensors: (of) => {
    const { shape, values } = of.read(tensor);
    const changed = change(values, shape, of);
    return { more: { [tensor]: { dtype: of.dtype, shape, values: changed } } };
  },
});

const swapped = (values: Float64Array, a: number, b: number, count: number): Float64Array => {
  const made = values.slice();
  made.set(values.subarray(b, b + count), a);
  made.set(values.subarray(a, a + count), b);
  return made;
};

/** What the certificate names where numbers are others. */
const numbers: Readonly<Record<string, Tampering>> = {
  "the first number of the table, one unit up": one(table, 0, up),
  "the last number of the table, one unit down": one(table, -1, down),
  "a number of the last position, one unit up": one("transformer.wpe.weight", -7, up),
  "a number of queries, keys and values, one unit up": one(`${first}.attn.c_attn.weight`, 100, up),
  "a folded bias, one unit up": one(`${first}.attn.c_attn.bias`, 3, up),
  "a writing matrix, one unit down": one(`${second}.attn.c_proj.weight`, 55, down),
  "the bias of a writer, one unit up": one(`${second}.mlp.c_proj.bias`, -1, up),
  "the last number of the head, one unit up": one(head, -1, up),
  "the first number of the head, two units up": one(
    head,
    0,
    (value, dtype) => value + 2 * ulp(dtype, value),
  ),
  "the bias of the head, one unit up": one("lm_head.bias", 7, up),
  "a number with the other sign": one(`${first}.mlp.c_fc.weight`, 9, (value) => -value),
  "a number that is 0": one(`${second}.mlp.c_fc.weight`, 20, () => 0),
  "a number that is not a number": one(`${second}.mlp.c_fc.bias`, 2, () => NaN),
  "a number that is infinite": one("transformer.wpe.weight", 5, () => Infinity),
  "two rows of the table exchanged": all(table, (values) => swapped(values, 24, 48, 24)),
  "two numbers exchanged": all(head, (values) => swapped(values, 5, 6, 1)),
  "a column of the head exchanged": all(
    head,
    (values) => swapped(swapped(values, 0, 1, 1), 24, 25, 1),
  ),
  "a tensor a thousandth larger": all(
    `${first}.mlp.c_proj.weight`,
    (values) => values.map((value) => value * 1.02),
  ),
  "a tensor of zeros": all(`${second}.attn.c_attn.bias`, (values) => values.map(() => 0)),
  "a layer's matrix in another layer": all(
    `${first}.mlp.c_proj.weight`,
    (_, __, { read }) => read(`${second}.mlp.c_proj.weight`).values,
  ),
  "noise of half a unit": all(
    table,
    (values, _, { dtype }) =>
      values.map((value, at) => at % 2 === 0 ? value : value + ulp(dtype, value)),
  ),
};

const without = (...names: string[]): Tampering => ({ tensors: () => ({ without: names }) });

const named = (name: string, as: string): Tampering => ({
  tensors: ({ dtype, read }) => ({
    without: [name],
    more: { [as]: { dtype, ...read(name) } },
  }),
});

/** What the certificate names where tensors are others. */
const tensors: Readonly<Record<string, Tampering>> = {
  "a bias that is missing": without(`${first}.attn.c_attn.bias`),
  "the bias of the head missing": without("lm_head.bias"),
  "a bias of another name": named(`${first}.mlp.c_fc.bias`, `${first}.mlp.c_fc.beta`),
  "a tensor more, which nothing reads": {
    tensors: ({ dtype }) => ({
      more: { "extra": { dtype, shape: [2], values: new Float64Array(2) } },
    }),
  },
  "a gain more, which a norm reads": {
    tensors: ({ dtype }) => ({
      more: {
        [`${first}.ln_1.weight`]: { dtype, shape: [24], values: new Float64Array(24).fill(1) },
      },
    }),
  },
  "a tensor in another dtype": {
    tensors: ({ read }) => ({ more: { [head]: { dtype: "F64", ...read(head) } } }),
  },
  "a vector as a matrix": {
    tensors: ({ dtype, read }) => {
      const name = `${first}.mlp.c_fc.bias`;
      const { values } = read(name);
      return { more: { [name]: { dtype, shape: [1, values.length], values } } };
    },
  },
  "fewer tokens": {
    tensors: ({ dtype, read }) => {
      const { values } = read(table);
      return { more: { [table]: { dtype, shape: [39, 24], values: values.slice(0, -24) } } };
    },
  },
  "the last layer gone, in the file": {
    tensors: ({ read }) => ({
      without: ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"].flatMap((name) =>
        ["weight", "bias"].map((kind) => `${second}.${name}.${kind}`)
      ).filter((name) => read(name).values.length > 0),
    }),
    config: (config) => ({ ...config, n_layer: 1 }),
  },
};

const set = (change: Config): Tampering => ({ config: (config) => ({ ...config, ...change }) });

const norms = (change: Config): Tampering => ({
  config: (config) => ({ ...config, normkit: { ...config["normkit"] as Config, ...change } }),
});

/** What the certificate names where the configuration is another. */
const configuration: Readonly<Record<string, Tampering>> = {
  "another ε": set({ layer_norm_epsilon: 2e-5 }),
  "twice the heads": set({ n_head: 6 }),
  "another activation": set({ activation_function: "gelu" }),
  "scores without a scale": set({ scale_attn_weights: false }),
  "scores scaled by the layer": set({ scale_attn_by_inverse_layer_idx: true }),
  "a layer fewer, in the configuration": set({ n_layer: 1 }),
  "a flag that the head is the table": set({ tie_word_embeddings: true }),
  "another class for other engines": set({ architectures: ["GPT2Model"] }),
  "labels exchanged": set({ id2label: { "0": "LABEL_1", "1": "LABEL_0" } }),
  "another token at the end": set({ eos_token_id: 7 }),
  "a place more": set({ n_positions: 25 }),
  "another dtype": set({ dtype: "float64" }),
  "dropout": set({ attn_pdrop: 0.3 }),
  "a key of its own": set({ special: 1 }),
  "streams that are not centered": norms({ centered: false }),
  "a bias more": norms({ biases: ["lm_head.bias", `${first}.ln_1.bias`] }),
  "other norms": norms({ norm: "layer" }),
  "a mean that is subtracted": norms({ recenter: ["decoder"] }),
  "ε of one norm": norms({ eps: { [`${first}.ln_1.weight`]: 2e-3 } }),
};

const record = (change: Config | undefined): Tampering =>
  norms({ history: change === undefined ? "none" : [change] });

/** Records that are wrong, and what the certificate names then. */
const records: Readonly<Record<string, readonly [Tampering, string]>> = {
  "another target": [
    record({ command: "convert", to: "pre-crmsnorm", tied: "untie", normkit: version }),
    "tensors",
  ],
  "the head kept": [
    record({ command: "convert", to: "pre-rmsnorm", tied: "keep", normkit: version }),
    "tensors",
  ],
  "another dtype": [
    record({ command: "convert", to: "pre-rmsnorm", dtype: "F64", normkit: version }),
    "tensors",
  ],
  "a command that does not fit": [record({ command: "fold", normkit: version }), "record"],
  "a target that is not known": [
    record({ command: "convert", to: "post-ln", normkit: version }),
    "record",
  ],
  "no list": [record(undefined), "record"],
};

/** GPT-2 as it is, or with a number added to all its logits. */
async function withSource(offset: number, body: (source: Model) => Promise<void>): Promise<void> {
  using golden = await openGolden("gpt2");
  const bias = { dtype: "F32", shape: [40], values: new Float64Array(40).fill(offset) } as const;
  await body({
    ...golden,
    tensors: changedTensors(golden.tensors, { more: { "lm_head.bias": bias } }),
  });
}

/** What a conversion writes. */
async function folderOf(source: Model, dtype: DType): Promise<Model> {
  const step = {
    command: "convert",
    to: "pre-rmsnorm",
    tied: "untie",
    dtype,
    normkit: version,
  } as const;
  const made = await take(source, step);
  return storedModel(made.model, made.dtype);
}

/** A folder after a tampering, opened. */
async function tampered(
  folder: Model,
  dtype: DType,
  { tensors, config }: Tampering,
): Promise<Model> {
  const values = new Map<string, Float64Array>();
  for (const name of folder.tensors.names) values.set(name, await readTensor(folder.tensors, name));
  const read = (name: string) => ({
    shape: folder.tensors.info(name).shape,
    values: values.get(name)!,
  });
  const changes = tensors?.({ dtype, read }) ?? {};
  return describeModel(
    folder.family,
    config?.(folder.config) ?? folder.config,
    changedTensors(folder.tensors, changes),
  );
}

/** The certificate of a folder, as `normkit verify` makes it. */
async function certificateOf(source: Model, folder: Model): Promise<Certificate> {
  const conversion = await recordedConversion(source, folder);
  return await verify(source, folder, { conversion: conversion!, sequences: 1 });
}

const failedIn = ({ checks }: Certificate): string[] =>
  checks.filter(({ passed }) => !passed).map(({ name }) => name);

function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => onBackend("cpu", body));
}

/** A test of folders in every dtype, of a model whose logits are what they are, or have a number added to all of them. */
function testFolders(
  name: string,
  body: (source: Model, folder: Model, dtype: DType) => Promise<void>,
): void {
  for (const dtype of ["F32", "F16", "BF16"] as const) {
    for (const offset of [0, 64]) {
      const beside = offset === 0 ? "" : `, beside ${offset} in all logits`;
      test(`${name} (${dtype}${beside})`, () =>
        withSource(offset, async (source) => {
          const folder = await folderOf(source, dtype);
          assertEquals(failedIn(await certificateOf(source, folder)), []);
          await body(source, folder, dtype);
        }));
    }
  }
}

testFolders("verify() notices each change of numbers", async (source, folder, dtype) => {
  for (const [what, tampering] of Object.entries(numbers)) {
    const certificate = await certificateOf(source, await tampered(folder, dtype, tampering));
    assert(failedIn(certificate).includes("numbers"), what);
    assertEquals(certificate.passed, false, what);
    const { differing, farthest } = certificate.tensors!;
    assert(differing > 0 && farthest !== undefined, what);
    if (!what.includes("one unit")) continue;
    assertEquals([differing, farthest!.ulp], [1, 1], what);
  }
});

/** The message of what is refused before anything is compared. */
async function refusalOf(make: () => Promise<Model>): Promise<string | Model> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

for (const [name, list] of Object.entries({ tensors, configuration })) {
  testFolders(
    `verify() notices what is done to the ${name}, or the folder does not open`,
    async (source, folder, dtype) => {
      for (const [what, tampering] of Object.entries(list)) {
        const opened = await refusalOf(() => tampered(folder, dtype, tampering));
        if (typeof opened === "string") {
          assert(opened.startsWith("Cannot "), `${what}: ${opened}`);
          continue;
        }
        const failed = failedIn(await certificateOf(source, opened));
        assert(failed.includes(name), `${what}: ${failed}`);
      }
    },
  );
}

test("verify() asks nothing of where a folder is from", () =>
  withSource(0, async (source) => {
    const folder = await folderOf(source, "F32");
    const change = set({ _name_or_path: "elsewhere", transformers_version: "9.9.9" });
    const { passed, configuration } = await certificateOf(
      source,
      await tampered(folder, "F32", change),
    );
    assertEquals(passed, true);
    assertEquals(configuration!.others.toSorted(), ["_name_or_path", "transformers_version"]);
  }));

testFolders("verify() does not believe a record", async (source, folder, dtype) => {
  for (const [what, [tampering, name]] of Object.entries(records)) {
    const certificate = await certificateOf(source, await tampered(folder, dtype, tampering));
    assert(failedIn(certificate).includes(name), `${what}: ${failedIn(certificate)}`);
  }
});

test("verify() lets a folder of another version differ by one unit in the last place, and no more", () =>
  withSource(0, async (source) => {
    const older = {
      command: "convert",
      to: "pre-rmsnorm",
      tied: "untie",
      normkit: "0.0.1",
    } as const;
    const { model } = await take(source, older);
    const folder = storedModel(model);
    const after = async (tampering: Tampering): Promise<string[]> =>
      failedIn(await certificateOf(source, await tampered(folder, "F32", tampering)));
    assertEquals(await after({}), []);
    assertEquals(await after(numbers["the last number of the head, one unit up"]!), []);
    assertEquals(await after(numbers["the first number of the head, two units up"]!), ["numbers"]);
  }));

test("verify() compares a folder that records nothing by outputs alone, and says so", () =>
  withSource(0, async (source) => {
    const { config, ...folder } = await folderOf(source, "F32");
    const { history: _, ...kept } = config["normkit"] as Config;
    const silent = { ...folder, config: { ...config, normkit: kept } };
    assertEquals(await recordedConversion(source, silent), undefined);
    const { basis, passed, tensors } = await verify(source, silent, { sequences: 1 });
    assertEquals([passed, tensors], [true, undefined]);
    assert(basis.startsWith("outputs alone: "), basis);
  }));

Deno.test("there are at least forty tamperings, each in a list of its own name", () => {
  const lists = [numbers, tensors, configuration, records];
  const count = lists.reduce((sum, list) => sum + Object.keys(list).length, 0);
  assert(count >= 40, `${count}`);
});
