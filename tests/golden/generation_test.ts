// Greedy and beam search make what transformers' `generate` makes of the same models: tokens and scores, with each rule of published
// generation configurations, in batches of padded sources.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { convert, targets } from "../../lib/convert/convert.ts";
import {
  type BeamOptions,
  beamSearch,
  type SourceBatch,
  translate,
  type Translation,
} from "../../lib/decoder/mod.ts";
import { translateOptionsOf } from "../../lib/families/generation_config.ts";
import {
  type LoadedEncoderDecoder,
  loadEncoderDecoder,
} from "../../lib/families/language_model.ts";
import type { Model } from "../../lib/families/model.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { onBackend, onEachBackend } from "../support/backends.ts";
import { canBecome, openGolden } from "../support/golden_models.ts";

/** The features of sounds, as their shape and their numbers. */
interface Features {
  readonly shape: [number, number, number];
  readonly values: number[];
}

/** What `generate` makes of the sources of one model. */
interface Golden {
  readonly sources: number[][] | Features;
  readonly texts: readonly {
    readonly start: number[];
    readonly options: Readonly<Record<string, unknown>>;
    readonly tokens: number[][];
    readonly scores?: number[];
  }[];
}

const { metadata, ...goldens } = JSON.parse(
  await Deno.readTextFile(`${checkout}/tests/golden/generation.json`),
) as { metadata: { scale: number } } & Record<string, Golden>;

/** A model whose logits are flatter, as those of the golden texts are; the caller disposes it. */
async function loadFlat(source: Model): Promise<LoadedEncoderDecoder> {
  const loaded = await loadEncoderDecoder(source);
  const { spec } = loaded.model;
  const heads = spec.heads.map((head) => ({ ...head, scale: (head.scale ?? 1) * metadata.scale }));
  return { ...loaded, model: { ...loaded.model, spec: { ...spec, heads } } };
}

/** The texts of all sources, of tokens as a list, of features as a batch. */
async function textsOf(
  { parameters, model }: LoadedEncoderDecoder,
  sources: Golden["sources"],
  options: BeamOptions,
): Promise<Translation[]> {
  if (Array.isArray(sources)) return await translate(parameters, model, sources, options);
  const features = tf.tensor(sources.values, sources.shape);
  const found = await beamSearch(parameters, model, { features }, options);
  features.dispose();
  return found;
}

function assertTexts(
  found: readonly Translation[],
  { tokens, scores }: Pick<Golden["texts"][number], "tokens" | "scores">,
  what: string,
): void {
  assertEquals(found.map((one) => one.tokens), tokens, what);
  for (const [at, score] of (scores ?? []).entries()) {
    assertAlmostEquals(found[at]!.score, score, 1e-5 * Math.max(1, Math.abs(score)), what);
  }
}

/** Options of ours that are transformers'. */
const optionsOf = ({ start, options }: Golden["texts"][number]): BeamOptions =>
  ({ ...translateOptionsOf(options), start }) as BeamOptions;

for (const [name, { sources, texts }] of Object.entries(goldens)) {
  Deno.test(`translate() of ${name} makes what transformers' generate makes`, () =>
    onBackend("wasm", async () => {
      using opened = await openGolden(name);
      using loaded = await loadFlat(opened);
      for (const expected of texts) {
        const found = await textsOf(loaded, sources, optionsOf(expected));
        assertTexts(found, expected, `${name} ${JSON.stringify(expected.options)}`);
      }
    }));
}

for (const [name, { sources, texts }] of Object.entries(goldens)) {
  for (const to of targets.filter((to) => canBecome(name, to))) {
    Deno.test(`translate() of ${name} as ${to} makes the same`, () =>
      onBackend("wasm", async () => {
        using opened = await openGolden(name);
        using loaded = await loadFlat(convert(opened, { to }));
        const expected = texts[1]!;
        const found = await textsOf(loaded, sources, optionsOf(expected));
        assertTexts(found, expected, `${name} as ${to}`);
      }));
  }
}

onEachBackend("translate() of bart, marian and t5 makes transformers' texts", async () => {
  for (const name of ["bart", "marian", "t5"]) {
    const { sources, texts } = goldens[name]!;
    using opened = await openGolden(name);
    using loaded = await loadFlat(opened);
    for (const expected of texts.slice(0, 3)) {
      const found = await textsOf(loaded, sources, optionsOf(expected));
      assertTexts(found, expected, `${name} ${JSON.stringify(expected.options)}`);
    }
  }
});

Deno.test("golden texts depend on beams and length penalties, and end in different places", () => {
  for (const name of ["bart", "marian", "t5"]) {
    const [greedy, short, long] = goldens[name]!.texts.map(({ tokens }) => tokens);
    assert(JSON.stringify(greedy) !== JSON.stringify(short), name);
    assert(JSON.stringify(short) !== JSON.stringify(long), name);
  }
});

Deno.test("beamSearch() of a batch, of all sources at once, makes the same", () =>
  onBackend("wasm", async () => {
    const { sources, texts } = goldens["marian"]!;
    using opened = await openGolden("marian");
    using loaded = await loadFlat(opened);
    const rows = sources as number[][];
    const batch: SourceBatch = {
      source: {
        ids: Int32Array.from(rows.flatMap((row) => [...row, ...Array(7 - row.length).fill(39)])),
        size: [rows.length, 7],
      },
      lengths: rows.map(({ length }) => length),
    };
    for (const expected of texts) {
      const found = await beamSearch(
        loaded.parameters,
        loaded.model,
        batch,
        optionsOf(expected),
      );
      assertTexts(found, expected, JSON.stringify(expected.options));
    }
  }));
