export {};
import {
  type Corpus,
  decoder,
  disposeTree,
  findResidual,
  initDecoder,
  type Residual,
  residuals,
  type Row,
  train,
  type TrainSettings,
} from "@normkit/normkit";
import {
  heldOutLosses,
  layerGradients,
  makeOptimizer,
  streamVariance,
} from "@normkit/normkit/train";
import { mobyDick } from "@normkit/normkit/data";
import { check, live, recordedRuns, setup, source, table } from "@normkit/normkit/notebook";
import { depthProfile, lossCurves, wiringDiagram } from "@normkit/normkit/plots";

const random = await setup({ seed: 0, backend: "wasm" });
wiringDiagram(findResidual("post-ln"));
wiringDiagram(findResidual("pre-ln"));
const runs = await recordedRuns("start");
const { manifest } = runs[0]!;
table(runs.map(({ manifest: { variant, parameters, settings, stopped } }) => ({
  variant,
  parameters,
  steps: settings.steps,
  seed: settings.seed,
  stopped: stopped?.message ?? "no",
})));
const corpus = await mobyDick();
function entropyOfCharacters({ train, heldOut, tokenizer }: Corpus): number {
  const counts = new Float64Array(tokenizer.vocabulary).fill(1);
  for (const token of train) counts[token]! += 1;
  const total = counts.reduce((sum, count) => sum + count);
  return heldOut.reduce((sum, token) => sum - Math.log(counts[token]! / total), 0) / heldOut.length;
}
const losses = heldOutLosses(runs);
const last = (id: string): number => losses.filter((row) => row.variant === id).at(-1)!.loss;
const { steps, model: { depth, width } } = manifest.settings;
const setting =
  `${depth} layers, width ${width}, learning rate 0.003 from the first step, seed ${manifest.settings.seed}`;
const unigram = entropyOfCharacters(corpus);

lossCurves(losses, {
  title: "Without warm-up, only Post-LN fails to learn",
  subtitle: setting,
  caption: "Moby-Dick, characters; held-out tenth",
  references: [{ label: "single characters", value: unigram }],
});
check("Post-LN stays at the entropy of characters", last("post-ln"), { near: unigram, atol: 0.1 });
for (const id of ["pre-ln", "pre-ln+gpas", "deep-norm", "resi-dual", "peri-ln"]) {
  check(`${findResidual(id).label} learns`, last(id), { below: unigram - 0.3 });
}
depthProfile(streamVariance(runs), {
  title: "Pre-LN's stream grows with depth; Post-LN's cannot",
  subtitle: `${setting}, after ${steps} steps`,
  caption: "Variance over the width, mean over tokens; layer 0 is the embedding",
  quantity: "Stream variance",
  scale: "log",
});
depthProfile(layerGradients(runs), {
  title: "In the stuck Post-LN the lower layers receive no gradient",
  subtitle: `${setting}, after ${steps} steps`,
  caption: "Joint norm over the parameters of a layer, one held-out batch",
  quantity: "Gradient norm",
  scale: "log",
});
const gradients = layerGradients(runs);
const ratio = (id: string): number => {
  const own = gradients.filter((row) => row.variant === id);
  return own[0]!.value / own.at(-1)!.value;
};
check("Post-LN: gradient of layer 1 / last layer", ratio("post-ln"), { below: 0.01 });
check("Pre-LN: gradient of layer 1 / last layer", ratio("pre-ln"), { above: 0.5 });
check("Pre-LN + GPAS − Pre-LN (nats)", last("pre-ln+gpas") - last("pre-ln"), {
  near: 0,
  atol: 0.05,
});
const gates = runs.flatMap(({ rows }) =>
  rows.filter(({ kind, step }) => kind === "gate" && step === steps)
);
table(gates.map(({ layer, scale }) => ({ layer: Number(layer), "1 − SiLU(α)": Number(scale) })));
table(residuals.map(({ label, equation, source }) => ({
  variant: label,
  update: `$${equation}$`,
  source,
})));
await source(findResidual("pre-ln"));
await source(findResidual("deep-norm"));
const algebra = {
  add: (a: number, b: number) => a + b,
  scale: (factor: number, a: number) => factor * a,
  weigh: (weight: number, a: number) => weight * a,
};
const times = (factor: number) => (a: number) => factor * a;
const parts = {
  ...{ input: times(2), inner: times(3), output: times(5), stream: times(7) },
  ...{ gpas: times(0.5), weight: () => 1 },
};
const branch = (a: number, inner = times(1)): number => inner(10 * a);
const site = { layer: 4, depth: 8, stack: "decoder", role: "attention" } as const;

function joined(residual: Residual, layer: number): readonly number[] {
  const wiring = residual.wiring({ ...site, layer });
  if ("update" in wiring) return [wiring.update(algebra, 1, branch, parts)];
  const y = branch(wiring.read(algebra, [1, 1], parts));
  return wiring.write(algebra, [1, 1], y, parts);
}
const expected: [id: string, stream: number, second?: number][] = [
  ["post-ln", 7 * (1 + 10)],
  ["pre-ln", 1 + 10 * 2],
  ["sub-ln", 1 + 3 * 10 * 2],
  ["deep-norm", 7 * (2 * 1 + 10)],
  ["resi-dual", 7 * (1 + 10), 1 + 10],
  ["mix-ln", 1 + 10 * 2],
  ["lns", 1 + 10 * (2 / Math.sqrt(4))],
  ["peri-ln", 1 + 5 * 10 * 2],
  ["res-post-norm", 1 + 5 * 10],
  ["pre-ln+gpas", (1 + 10 * 2) / 2],
  ["deep-norm+gpas", 7 * (2 * 1 / 2 + 10)],
];
for (const [id, stream, second] of expected) {
  const residual = findResidual(id);
  const [x, dual] = joined(residual, 4);
  check(`${residual.label}: the stream`, x!, { near: stream, rtol: 1e-12 });
  if (second !== undefined) check("its second stream", dual!, { near: second });
}
check("Mix-LN: layer 2 is Post-LN", joined(findResidual("mix-ln"), 2)[0]!, { near: 77 });
import { gpas, layerNorm, rmsNorm } from "@normkit/normkit";
import * as tf from "@tensorflow/tfjs";

const x = tf.tensor2d(random.normals(4 * 64, 1), [4, 64]);
const shifted = tf.sub(layerNorm(tf.add(x, 5)), layerNorm(x));
check("LN(x + 5) − LN(x)", (await shifted.abs().max().data())[0]!, { below: 1e-5 });

const centered = rmsNorm(tf.sub(x, tf.mean(x, -1, true)));
const gap = tf.sub(layerNorm(x), centered).abs().max();
check("LN(x) − RMSNorm(x − mean x)", (await gap.data())[0]!, { below: 1e-5 });
const gate = tf.scalar(0.5);
const silu = 0.5 / (1 + Math.exp(-0.5));
const scale = tf.div(gpas(x, gate), x).mean();
check("GPAS scales by 1 − SiLU(α)", (await scale.data())[0]!, { near: 1 - silu, rtol: 1e-5 });

const gradient = tf.grad((y: tf.Tensor) => gpas(y, gate).sum())(x);
check("its gradient is 1", (await gradient.mean().data())[0]!, { near: 1, atol: 1e-6 });
tf.dispose([x, shifted, centered, gap, gate, scale, gradient]);
const config = { vocabulary: 8, context: 6, width: 16, depth: 2, heads: 2, residual: "pre-ln" };
const weights = initDecoder(config, 0);
const [logits, changed] = [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7]].map((row) =>
  decoder(weights, config, [row])
);
const moved = tf.max(tf.abs(tf.sub(logits!, changed!)), [0, 2]);
const [end, ...earlier] = [...await moved.data()].reverse();
check("change of the earlier predictions", Math.max(...earlier), { below: 1e-7 });
check("change of the last one", end!, { above: 1e-3 });

const optimizer = makeOptimizer({ kind: "adamw", weightDecay: 0 });
const before = { w: tf.tensor1d([1, 2, 3]) };
const given = { w: tf.tensor1d([1e-3, -5, 70]) };
const stepped = optimizer.update(before, given, optimizer.init(before), 0.01);
const step = await tf.sub(before.w, stepped.parameters.w).data();
[1, -1, 1].forEach((sign, at) =>
  check(`weight ${at + 1}: its first step`, step[at]!, { near: 0.01 * sign, rtol: 1e-3 })
);
disposeTree(weights);
const tiny = (residual: string): TrainSettings => ({
  model: { context: 32, width: 32, depth: 2, heads: 2, residual },
  schedule: { kind: "constant", peak: 0.01 },
  ...{ seed: 0, steps: 60, rows: 8, evaluateEvery: 10 },
});
const seen: { variant: string; step: number; loss: number }[] = [];
const chart = live(() =>
  lossCurves(seen, {
    title: "Two layers learn with either design",
    subtitle: "2 layers, width 32, 60 steps, trained in this notebook",
  })
);
for (const variant of ["pre-ln", "sub-ln"]) {
  const onRow = ({ kind, step, nats }: Row): void => {
    if (kind === "evaluation") seen.push({ variant, step, loss: Number(nats) });
    if (seen.length > 0) chart.update();
  };
  const { parameters } = await train(tiny(variant), corpus, { onRow });
  disposeTree(parameters);
}
await chart.end();
console.log(`checked ${runs.length} runs of ${manifest.corpus.name}`);
