// This library's own decoders as a family.

import { assertEquals, assertThrows } from "@std/assert";
import type { Config } from "../../../lib/families/family.ts";
import { normkitConfig, normkitFamily, ownConfig } from "../../../lib/families/normkit.ts";
import { disposeTree, tensorsOf } from "../../../lib/core/tree.ts";
import { float32 } from "../../../lib/interpret/float32.ts";
import { decoder } from "../../../lib/decoder/decoder.ts";
import { initDecoder } from "../../../lib/decoder/initialization.ts";
import type { DecoderConfig } from "../../../lib/decoder/config.ts";
import { gates } from "../../../lib/kernels/gate.ts";
import {
  findResidual,
  type Gating,
  preLn,
  residuals,
  withGpas,
} from "../../../lib/residual/mod.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { namesOf } from "../../support/described_names.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { outputsOf } from "../../support/golden_models.ts";
import { normkitModel, normkitTensors, small, smallTokens } from "../../support/normkit_model.ts";
import { parametersOf } from "../../support/parameters.ts";
import { tolerance } from "../../support/tolerances.ts";

const variants = ["pre-ln", "post-ln", "deep-norm", "lns", "lns-gain", "mix-ln"].flatMap((id) => [
  id,
  `${id}+gpas`,
]);

/** Gates of every function, of a layer and of each sub-layer, on the sum and on the shortcut. */
const gatedIds = ["pre-ln", "deep-norm"].flatMap((id) =>
  Object.keys(gates).flatMap((activation) =>
    ["layer", "site"].map((gate) => withGpas(findResidual(id), { activation, gate } as Gating).id)
  )
).filter((id) => !variants.includes(id));

const decoders: readonly DecoderConfig[] = [
  ...variants.map((residual) => ({ ...small, depth: 4, residual })),
  ...gatedIds.map((residual) => ({ ...small, residual })),
  { ...small, norm: "rms" },
  { ...small, norm: "crms" },
  { ...small, tied: true },
  { ...small, bias: false },
  { ...small, width: 8, positions: "rotary", activation: "swiglu" },
  { ...small, activation: "relu" },
  { ...small, ends: ["embedding", "final"] },
  { ...small, ends: [] },
  { ...small, embeddingScale: 2.5, eps: 1e-2 },
  { ...small, normEps: { "norm.final": 0.5, "blocks.2.norm.feedForward.input": 0.25 } },
];

/** What a configuration has besides the sizes. */
const textOf = (config: DecoderConfig): string =>
  JSON.stringify(Object.fromEntries(
    Object.entries(config).filter(([key, value]) => small[key as keyof DecoderConfig] !== value),
  ));

for (const config of decoders) {
  Deno.test(`describe() names the parameters of initDecoder() ${textOf(config)}`, () =>
    onBackend("cpu", () => {
      const parameters = initDecoder(config, 0);
      const paths = tensorsOf(parameters).map(({ path }) => path);
      disposeTree(parameters);
      const { required, optional } = namesOf(normkitModel(config).spec);
      assertEquals(required.filter((name) => !paths.includes(name)), []);
      assertEquals(
        paths.filter((path) => !required.includes(path) && !optional.includes(path)),
        [],
      );
    }));

  onEachBackend(
    `runModel() of a described decoder is decoder() ${textOf(config)}`,
    async (backend) => {
      const parameters = parametersOf(config, normkitTensors(config));
      const [expected] = await numbersOf(() => [decoder(parameters, config, [smallTokens])]);
      disposeTree(parameters);
      const { logits } = await outputsOf(float32(), normkitModel(config), { tokens: smallTokens });
      assertClose(logits!.values, expected!, tolerance(backend, "value"), "logits");
    },
  );
}

Deno.test("normkitConfig() and ownConfig() write and read a decoder's configuration", () => {
  const config = { ...small, residual: "deep-norm+gpas", eps: 1e-3 };
  const written = normkitConfig(config, "abc");
  assertEquals(written, { model_type: "normkit", ...config, characters: "abc" });
  assertEquals(normkitConfig(config), { model_type: "normkit", ...config });
  const converted: Config = { ...written, normkit: { format: 1 } };
  assertEquals(ownConfig(converted), config);
});

Deno.test("normkitConfig() writes the id of a registered object, with its gates", () => {
  for (const variant of [...residuals, withGpas(preLn, { activation: "tanh", gate: "site" })]) {
    assertEquals(normkitConfig({ ...small, residual: variant })["residual"], variant.id);
  }
  assertEquals(
    normkitConfig({ ...small, residual: withGpas(preLn, { activation: "tanh" }) })["residual"],
    "pre-ln+gpas-tanh",
  );
});

Deno.test("normkitConfig() refuses a variant of one's own, also under a registered id", () => {
  for (const own of [{ ...preLn }, { ...withGpas(preLn) }, { ...preLn, id: "mine" }]) {
    const { message } = assertThrows(
      () => normkitConfig({ ...small, residual: own }),
      RangeError,
    );
    assertEquals(
      message,
      `Cannot write the residual variant ${own.id} into a config.json: it is an object of your own, which an id does not hold`,
    );
  }
});

Deno.test("ownConfig() refuses values of other kinds than a decoder has", () => {
  const cases = [
    ["residual", [null, 5, [], {}, true]],
    ["ends", ["final", 5, {}, null]],
    ["normEps", ["x", 5, null]],
  ] as const;
  for (const [key, values] of cases) {
    for (const value of values) {
      assertThrows(
        () => ownConfig({ model_type: "normkit", ...small, [key]: value }),
        RangeError,
        `Cannot use ${key} = ${JSON.stringify(value)} of config.json`,
      );
    }
  }
});

Deno.test("describe() refuses options that a decoder does not have", () => {
  const describe = (config: Config) => normkitFamily.describe(config, () => true);
  assertThrows(
    () => describe({ model_type: "normkit", ...small, layers: 3 }),
    RangeError,
    'Cannot use the option "layers" of a decoder',
  );
});

Deno.test("untie() and folded() change the configuration", () => {
  const config = normkitConfig({
    ...small,
    tied: true,
    residual: "lns+gpas",
    normEps: { "norm.final": 0.5 },
  });
  assertEquals(normkitFamily.untie(config)["tied"], false);
  const folded = normkitFamily.folded!(config, preLn, { "blocks.1.norm.attention.input": 0.25 });
  assertEquals(folded, {
    ...config,
    residual: "pre-ln",
    init: "normal",
    ends: ["final"],
    embeddingStd: 0.02,
    embeddingScale: 1,
    normEps: { "norm.final": 0.5, "blocks.1.norm.attention.input": 0.25 },
  });
});
