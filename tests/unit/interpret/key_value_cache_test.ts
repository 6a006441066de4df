// Encoder–decoders that keep keys and values: each further token gives the logits that the whole text has, the encoder runs once, and
// sequences go on in any order.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { loadParameters } from "../../../lib/families/language_model.ts";
import type { EagerInputs } from "../../../lib/interpret/eager.ts";
import { KeyValueCache } from "../../../lib/interpret/key_value_cache.ts";
import type { ModelSpec } from "../../../lib/model/spec.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { runBatch, type RunOptions } from "../../../lib/transformer/run.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { goldenNames, openGolden } from "../../support/golden_models.ts";
import { tolerance } from "../../support/tolerances.ts";
import { tokens, transformerCases } from "../../support/transformer_cases.ts";

/** A model with its parameters, and what its encoder reads. */
interface Given {
  readonly parameters: unknown;
  readonly model: { readonly spec: ModelSpec };
  readonly source: EagerInputs;
  readonly options: RunOptions;
}

/** The logits of rows of tokens, read one by one; the source is given at the first one. */
function oneByOne({ parameters, model, source, options }: Given, rows: number[][]): Tensor {
  using store = new KeyValueCache();
  const parts = rows[0]!.map((_, at) => {
    const inputs = { tokens: tokens(...rows.map((row) => [row[at]!])) };
    const given = at === 0 ? { ...source, ...inputs } : inputs;
    const { logits } = runBatch(parameters, model, given, { ...options, store });
    store.advance(1);
    return logits!;
  });
  return tf.concat(parts, 1);
}

function atOnce({ parameters, model, source, options }: Given, rows: number[][]): Tensor {
  const inputs = { ...source, tokens: tokens(...rows) };
  return runBatch(parameters, model, inputs, options)["logits"]!;
}

async function requireSame(given: Given, limit: number, what: string): Promise<void> {
  const rows = [[3, 2, 4, 6, 5], [2, 6, 5, 3, 5]];
  const [whole, grown] = await numbersOf(() => [atOnce(given, rows), oneByOne(given, rows)]);
  assertClose(grown!, whole!, limit, what);
}

const { make, inputs, options = {} } = transformerCases["encoder-decoder"]!;
const { source } = inputs();

onEachBackend("an encoder–decoder has the same logits with a cache", async (backend) => {
  const model = make("resi-dual+gpas");
  const parameters = drawStarts(model.starts, 3);
  await requireSame(
    { parameters, model, source: { source: source! }, options },
    tolerance(backend, "value"),
    backend,
  );
  disposeTree(parameters);
});

Deno.test("an encoder–decoder of every variant has the same logits with a cache", () =>
  onBackend("wasm", async () => {
    for (const { id } of residuals) {
      const model = make(id);
      const parameters = drawStarts(model.starts, 3);
      const given = { parameters, model, source: { source: source! }, options };
      await requireSame(given, tolerance("wasm", "value"), id);
      disposeTree(parameters);
    }
  }));

/** Golden models with an encoder and a decoder. */
const pairs = goldenNames.filter((name) =>
  /bart|marian|m2m|pegasus|blenderbot|^t5|whisper/.test(name)
);

for (const name of pairs) {
  Deno.test(`${name} has the same logits with a cache`, () =>
    onBackend("wasm", async () => {
      using model = await openGolden(name);
      const parameters = await loadParameters(model);
      const features = tf.tidy(() => tf.sin(tf.range(0, 2 * 6 * 16)).reshape([2, 6, 16]));
      const isSound = name === "whisper";
      const texts = { source: tokens([4, 9, 7, 5], [8, 6, 9, 9]) };
      await requireSame(
        {
          parameters,
          model,
          source: isSound ? { features } : texts,
          options: isSound ? {} : { keyLengths: [4, 2] },
        },
        tolerance("wasm", "value"),
        name,
      );
      disposeTree([parameters, features]);
    }));
}

onEachBackend("sequences of a cache go on in any order, with their memories", async (backend) => {
  const model = make("pre-ln");
  const parameters = drawStarts(model.starts, 3);
  const run = (given: EagerInputs, own: RunOptions): Tensor =>
    runBatch(parameters, model, given, own)["logits"]!;
  const three = { source: tokens([1, 2, 3, 4], [5, 6, 1, 2], [6, 6, 6, 2]) };
  for (const rows of [[0, 1, 2], [2, 0], [1, 1, 0, 2], [2]]) {
    const [expected, found] = await numbersOf(() => {
      using store = new KeyValueCache();
      disposeTree(run({ ...three, tokens: tokens([1, 3], [2, 4], [5, 6]) }, { store }));
      store.advance(2);
      store.pick(rows, 3);
      store.pick(rows.map((_, at) => at), rows.length); // nothing changes
      const texts = [[1, 3, 5], [2, 4, 5], [5, 6, 5]];
      const whole = run({ ...three, tokens: tokens(...texts) }, {});
      const last = tf.slice(whole, [0, 2, 0], [3, 1, 7]);
      return [
        tf.gather(last, rows),
        run({ tokens: tokens(...rows.map(() => [5])) }, { store }),
      ];
    });
    assertClose(found!, expected!, tolerance(backend, "value"), `${rows}`);
  }
  disposeTree(parameters);
});

Deno.test("a store keeps no keys of an encoder, and asks for those of a memory once", () =>
  onBackend("cpu", () => {
    const model = make("pre-ln");
    const parameters = drawStarts(model.starts, 3);
    const places: string[] = [];
    const store = {
      past: 0,
      extend: (label: string, fresh: { k: Tensor; v: Tensor }) => (places.push(label), fresh),
      recall: (label: string, make: () => { k: Tensor; v: Tensor }) => (places.push(label), make()),
    };
    disposeTree(runBatch(parameters, model, inputs(), { ...options, store }));
    assertEquals(
      places,
      [1, 2, 3].flatMap((layer) => [
        `decoder.blocks.${layer}.attn`,
        `decoder.blocks.${layer}.cross_attn`,
      ]),
    );
    disposeTree(parameters);
  }));

Deno.test("patterns of an encoder–decoder have names of their own", () =>
  onBackend("cpu", () => {
    const model = make("pre-ln");
    const parameters = drawStarts(model.starts, 3);
    const names: string[] = [];
    const tap = (name: string): void => void names.push(name);
    disposeTree(runBatch(parameters, model, inputs(), { ...options, tap }));
    const patterns = names.filter((name) => name.endsWith(".pattern"));
    assertEquals(patterns.slice(0, 4), [
      "encoder.blocks.1.attn.pattern",
      "encoder.blocks.2.attn.pattern",
      "decoder.blocks.1.attn.pattern",
      "decoder.blocks.1.cross_attn.pattern",
    ]);
    assertEquals(new Set(patterns).size, patterns.length);
    disposeTree(parameters);
  }));
