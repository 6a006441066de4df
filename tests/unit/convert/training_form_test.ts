// Training equivalence: a Pre-LN decoder computed as Pre-RMSNorm and Pre-CRMSNorm inside the gradient has Pre-LN's logits, θ's
// gradients and trajectory, with and without dropout; to train the converted parameters is another model.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  directForm,
  trainingForm,
  type TrainingFormName,
} from "../../../lib/convert/training_form.ts";
import { type BackendName, valueAndGradient } from "../../../lib/backend/mod.ts";
import { disposeTree, Random, tensorsOf } from "../../../lib/core/mod.ts";
import {
  decoder,
  type DecoderConfig,
  type DecoderParameters,
  initDecoder,
} from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { lns, preLn } from "../../../lib/residual/mod.ts";
import { type ModelForm, type Row, train, type TrainSettings } from "../../../lib/train/mod.ts";
import {
  embeddingScale,
  eps,
  masterGradient,
  type Parameters,
  toyParameters,
} from "../../reference/training_forms.ts";
import { inBothForms, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { type Given, matrixOf, numbersOf, vectorOf } from "../../support/evaluate.ts";
import { type ByPath, changed, numbersByPath, parametersOf } from "../../support/parameters.ts";
import { tapsOf } from "../../support/taps.ts";
import { tolerance } from "../../support/tolerances.ts";
import { manyRows, tiny } from "../train/tiny_run.ts";

const forms: readonly TrainingFormName[] = ["pre-rmsnorm", "pre-crmsnorm"];
const as = (to: TrainingFormName): ModelForm => (p, config) => trainingForm(p, config, to);
const asIs: ModelForm = (parameters, config) => ({ parameters, config });

const base: DecoderConfig = { vocabulary: 7, context: 5, width: 8, depth: 2, heads: 2, hidden: 12 };
const tokens = [[3, 1, 4, 1, 5], [2, 6, 5, 3, 5]];
const targets = Int32Array.from([1, 4, 1, 5, 2, 6, 5, 3, 5, 0]);

/** Parameters of which no mean, gain or bias is anything special. */
async function startOf(config: DecoderConfig): Promise<DecoderParameters> {
  return await changed(initDecoder(config, 4), (path, value, at) => {
    if (path.endsWith("gain")) return 1 + 0.4 * Math.sin(3 * at + 1);
    if (/\.(bias|b.)$/.test(path)) return 0.3 * Math.cos(2 * at + 1);
    return /(wte|wpe|wo|w2)$/.test(path) ? value + 0.1 : value;
  });
}

/** Where positions are learned, the key bias shifts every score of a query alike: its gradient is 0 but for rounding. */
const isGauge = (path: string, { positions }: Partial<DecoderConfig> = {}): boolean =>
  positions !== "rotary" && path.endsWith("attention.bk");

interface Measured {
  readonly logits: number[];
  /** To θ, by path. */
  readonly gradients: ByPath;
}

/** Logits and gradients of a model computed in a form. */
async function measured(
  form: ModelForm,
  theta: DecoderParameters,
  config: DecoderConfig,
  batch: { tokens: readonly (readonly number[])[]; targets: Int32Array } = { tokens, targets },
): Promise<Measured> {
  const run = (p: DecoderParameters) => {
    const model = form(p, config);
    return decoder(model.parameters, model.config, batch.tokens, { dropout: new Random(6) });
  };
  const [logits] = await numbersOf(() => [run(theta)]);
  const found = valueAndGradient(theta, (p) => crossEntropy(run(p), batch.targets));
  const gradients = await numbersByPath(found.gradient);
  disposeTree([found.value, found.gradient]);
  return { logits: logits!, gradients };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, at) => Math.abs(value - b[at]!)));

/** Logits and gradients agree, but for a gradient that is only rounding. */
function assertSame(
  found: Measured,
  expected: Measured,
  { backend, config, what }: { backend: BackendName; config: DecoderConfig; what: string },
): void {
  assertClose(found.logits, expected.logits, tolerance(backend, "value"), `logits of ${what}`);
  assertEquals([...found.gradients.keys()].sort(), [...expected.gradients.keys()].sort());
  for (const [path, values] of expected.gradients) {
    if (isGauge(path, config)) continue;
    const limit = tolerance(backend, "gradient");
    assertClose(found.gradients.get(path)!, values, limit, `${path} as ${what}`);
  }
}

/** The oracle's parameters as plain tensors; its rows are matrices of one row. */
const givenOf = (theta: Parameters): Record<string, Given> =>
  Object.fromEntries(
    Object.entries(theta).map(([path, rows]) => [
      path,
      /\.(gain|bias|b.)$/.test(path) ? vectorOf(rows[0]!) : matrixOf(rows),
    ]),
  );

for (const tied of [false, true]) {
  const sizes = { vocabulary: 7, context: 5, width: 6, hidden: 8, depth: 2, tied };
  const config: DecoderConfig = { ...sizes, heads: 1, activation: "relu", embeddingScale, eps };
  const head = tied ? "tied" : "untied";
  inBothForms(`trainingForm() has the oracle's logits and gradients, ${head}`, async (backend) => {
    const theta = toyParameters(sizes, 3);
    const [ids, next] = [tokens[0]!, targets.slice(0, 5)];
    const { logits, gradient } = masterGradient("pre-ln", theta, {
      ids,
      targets: Array.from(next),
    });
    const gradients = Object.entries(gradient).map(([path, rows]) => [path, rows.flat()] as const);
    const expected = { logits: logits.flat(), gradients: new Map(gradients) };
    const parameters = parametersOf(config, givenOf(theta));
    const batch = { tokens: [ids], targets: next };
    for (const what of ["pre-ln", ...forms] as const) {
      const form = what === "pre-ln" ? asIs : as(what);
      const found = await measured(form, parameters, config, batch);
      assertSame(found, expected, { backend, config, what });
    }
    disposeTree(parameters);
  });
}

const cases: Readonly<Record<string, Partial<DecoderConfig>>> = {
  "two heads and GELU": {},
  "SwiGLU, rotary positions and a tied head": {
    activation: "swiglu",
    positions: "rotary",
    tied: true,
    embeddingScale: 1,
  },
  "no biases": { bias: false, init: "normal", embeddingStd: 0.5 },
  "dropout": { dropout: 0.3 },
  "dropout, no biases and a tied head": { dropout: 0.3, bias: false, tied: true, depth: 1 },
};

for (const [name, options] of Object.entries(cases)) {
  const config: DecoderConfig = { ...base, ...options };
  onEachBackend(`trainingForm() has Pre-LN's logits and gradients: ${name}`, async (backend) => {
    const theta = await startOf(config);
    const expected = await measured(asIs, theta, config);
    for (const to of forms) {
      const found = await measured(as(to), theta, config);
      assertSame(found, expected, { backend, config, what: to });
    }
    disposeTree(theta);
  });
}

onEachBackend(
  "trainingForm() leaves a stream of mean 0, without its last value in Pre-CRMSNorm",
  async () => {
    for (const dropout of [0, 0.3]) {
      const config = { ...base, dropout };
      const theta = await startOf(config);
      const streams = async (to: TrainingFormName): Promise<ReadonlyMap<string, number[]>> =>
        await tapsOf((tap) => {
          const model = trainingForm(theta, config, to);
          return decoder(model.parameters, model.config, tokens, { tap, dropout: new Random(6) });
        });
      const [whole, short] = [await streams("pre-rmsnorm"), await streams("pre-crmsnorm")];
      for (const at of ["blocks.1.resid_mid", "blocks.1.resid_post", "blocks.2.resid_post"]) {
        const rows = Array.from(
          { length: 10 },
          (_, row) => whole.get(at)!.slice(8 * row, 8 * row + 8),
        );
        for (const row of rows) {
          assert(
            Math.abs(row.reduce((sum, value) => sum + value)) < 1e-5,
            at,
          );
        }
        const expected = rows.flatMap((row) => [...row.slice(0, -1), 0]);
        assertClose(short.get(at)!, expected, 1e-5, at);
        assert(short.get(at)!.every((value, lane) => lane % 8 < 7 || value === 0), at);
      }
      disposeTree(theta);
    }
  },
);

/** Clipped AdamW steps with decay. */
const settings = (steps: number): TrainSettings => ({
  ...tiny,
  steps,
  clip: 0.5,
  optimizer: { kind: "adamw", weightDecay: 0.1 },
});

/** What a run of training goes through. */
interface Trajectory {
  readonly losses: number[];
  readonly norms: number[];
  readonly parameters: ByPath;
}

async function trajectory(
  run: TrainSettings,
  parameters: DecoderParameters,
  form?: ModelForm,
): Promise<Trajectory> {
  const options = form === undefined ? { parameters } : { parameters, form };
  const result = await train(run, manyRows, options);
  const steps = result.record.rows.filter(({ kind }: Row) => kind === "step");
  const numbers = await numbersByPath(result.parameters);
  disposeTree(result.parameters);
  return {
    losses: steps.map(({ loss }) => Number(loss)),
    norms: steps.map(({ gradientNorm }) => Number(gradientNorm)),
    parameters: numbers,
  };
}

/** Losses, gradient norms and the parameters at the end are those of Pre-LN. */
function assertFollows(
  found: Trajectory,
  expected: Trajectory,
  backend: BackendName,
  what: string,
): void {
  const limit = tolerance(backend, "value");
  assertClose(found.losses, expected.losses, limit, `losses of ${what}`);
  assertClose(found.norms, expected.norms, limit, `gradient norms of ${what}`);
  for (const [path, values] of expected.parameters) {
    const after = tolerance(backend, "parameters after 50 steps");
    if (!isGauge(path)) assertClose(found.parameters.get(path)!, values, after, `${what}, ${path}`);
  }
}

const trained: DecoderConfig = { ...tiny.model, vocabulary: manyRows.tokenizer.vocabulary };

onEachBackend("train() in a form follows Pre-LN for 50 AdamW steps", async (backend) => {
  const run = settings(50);
  const theta = await startOf(trained);
  const expected = await trajectory(run, theta);
  assertEquals(expected.losses.length, 50);
  assert(expected.losses.at(-1)! < 0.8 * expected.losses[0]!, "it learns");
  assert(expected.norms.some((norm) => norm > run.clip!), "the limit acts");
  for (const to of forms) {
    assertFollows(await trajectory(run, theta, as(to)), expected, backend, to);
  }
  disposeTree(theta);
});

onEachBackend("train() in a form follows Pre-LN with dropout and accumulation", async (backend) => {
  const model = { ...tiny.model, dropout: 0.2 };
  const run = { ...settings(3), accumulate: 2, model };
  const theta = await startOf({ ...trained, dropout: 0.2 });
  const expected = await trajectory(run, theta);
  for (const to of forms) {
    assertFollows(await trajectory(run, theta, as(to)), expected, backend, to);
  }
  disposeTree(theta);
});

onEachBackend("train() computes the loss with the decoder that the form gives", async () => {
  const run = settings(2);
  const theta = await startOf(trained);
  const expected = await trajectory(run, theta);
  const uncentered: ModelForm = (parameters, config) => ({
    parameters,
    config: { ...config, norm: "rms" },
  });
  const found = await trajectory(run, theta, uncentered);
  assert(largest(found.losses, expected.losses) > 1e-2);
  disposeTree(theta);
});

onEachBackend("train() of a form's own parameters does not follow Pre-LN", async (backend) => {
  const run = settings(12);
  const theta = await startOf(trained);
  const expected = await trajectory(run, theta);
  for (const to of forms) {
    const { parameters, config: { norm } } = directForm(theta, trained, to);
    const model = { ...run.model, norm: norm! };
    const found = await trajectory({ ...run, model }, parameters);
    const [limit, start] = [tolerance(backend, "value"), expected.losses.slice(0, 1)];
    assertClose(found.losses.slice(0, 1), start, limit, `${to}, at the start`);
    assert(largest(found.losses, expected.losses) > 1e-2, `${to} is another model`);
    disposeTree(parameters);
  }
  disposeTree(theta);
});

onEachBackend("directForm() gives tensors of its own, which compute the same", async (backend) => {
  const theta = await startOf(base);
  const [expected] = await numbersOf(() => [decoder(theta, base, tokens)]);
  for (const to of forms) {
    const { parameters, config } = directForm(theta, base, to);
    const own = new Set(tensorsOf(theta).map(({ value }) => value.id));
    assertEquals(tensorsOf(parameters).filter(({ value }) => own.has(value.id)), []);
    const [found] = await numbersOf(() => [decoder(parameters, config, tokens)]);
    assertClose(found!, expected!, tolerance(backend, "value"), to);
    disposeTree(parameters);
  }
  assertEquals(tensorsOf(theta).filter(({ value }) => value.isDisposed), []);
  disposeTree(theta);
});

onEachBackend("trainingForm() refuses what is not Pre-LN with LayerNorms", async () => {
  const theta = initDecoder(base, 0);
  const refused: readonly (readonly [Partial<DecoderConfig>, string])[] = [
    [
      { residual: "post-ln" },
      "Cannot train post-ln in another form: its equation must be that of pre-ln",
    ],
    [{ residual: "pre-ln+gpas" }, "Cannot train pre-ln+gpas in another form"],
    [{ residual: lns }, "Cannot train lns in another form"],
    [
      { residual: { ...preLn, id: "mine", finish: (_, [x]) => x } },
      "Cannot train mine in another form",
    ],
    [{ norm: "rms" }, 'Cannot train a decoder of norm "rms" in another form: it must be "layer"'],
    [{ ends: [] }, "Cannot train a decoder with the ends [] in another form: they must be [final]"],
    [{ ends: ["embedding", "final"] }, "the ends [embedding, final]"],
    [{ width: 7 }, "Cannot split a width of 7"],
  ];
  for (const [options, message] of refused) {
    for (const make of [trainingForm, directForm]) {
      const call = () => make(theta, { ...base, ...options }, "pre-rmsnorm");
      assertThrows(call, RangeError, message);
    }
  }
  const wrong = "pre-rms" as TrainingFormName;
  assertThrows(() => trainingForm(theta, base, wrong), RangeError, 'training form = "pre-rms"');
  const model = { ...tiny.model, residual: "post-ln" };
  await assertRejects(
    () => train({ ...tiny, model }, manyRows, { form: as("pre-rmsnorm") }),
    RangeError,
    "Cannot train post-ln in another form",
  );
  disposeTree(theta);
});
