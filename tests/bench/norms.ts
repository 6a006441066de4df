// The cost of the composed norms, forward and with gradients, as a multiple of a copy x → y on the same backend. One process,
// warm-up, interleaved variants, medians with quartiles; each time ends with a read-back. Ratios travel, times do not.

import * as tf from "@tensorflow/tfjs";
import { crmsNorm, layerNorm, rmsNorm, type Tensor, useBackend } from "@normkit/normkit";

const shapes = [[64, 128], [1024, 256], [2048, 768]] as const;
const rounds = 15;

async function time(f: () => Tensor): Promise<number> {
  const start = performance.now();
  const y = tf.tidy(f);
  await y.data();
  y.dispose();
  return performance.now() - start;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

function contestants(
  rows: number,
  width: number,
): { cases: Record<string, () => Tensor>; held: Tensor[] } {
  const x = tf.randomNormal([rows, width]);
  const gain = tf.ones([width]);
  const bias = tf.zeros([width]);
  const both = (norm: typeof layerNorm) => (): Tensor => {
    const loss = (a: Tensor, g: Tensor, b: Tensor): Tensor => tf.sum(norm(a, { gain: g, bias: b }));
    const [dx] = tf.grads((a, g, b) => loss(a!, g!, b!))([x, gain, bias]);
    return dx!;
  };
  const options = { gain, bias };
  return {
    held: [x, gain, bias],
    cases: {
      "copy": () => tf.mul(x, 1),
      "LayerNorm forward": () => layerNorm(x, options),
      "RMSNorm forward": () => rmsNorm(x, options),
      "CRMSNorm forward": () => crmsNorm(x, options),
      "LayerNorm forward + backward": both(layerNorm),
      "RMSNorm forward + backward": both(rmsNorm),
      "CRMSNorm forward + backward": both(crmsNorm),
    },
  };
}

const { name, adapter } = await useBackend((Deno.args[0] ?? "wasm") as "wasm");
console.error(
  `Backend ${name}${adapter === undefined ? "" : ` (${adapter})`}, ${rounds} interleaved rounds`,
);
for (const [rows, width] of shapes) {
  const { cases, held } = contestants(rows, width);
  const times = Object.fromEntries(Object.keys(cases).map((key): [string, number[]] => [key, []]));
  for (let round = -3; round < rounds; round++) { // three rounds of warm-up
    for (const [key, f] of Object.entries(cases)) {
      const spent = await time(f);
      if (round >= 0) times[key]!.push(spent);
    }
  }
  for (const list of Object.values(times)) list.sort((a, b) => a - b);
  const copy = quantile(times["copy"]!, 0.5);
  for (const [key, list] of Object.entries(times)) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => Number(quantile(list, q).toFixed(3)));
    const timesCopy = Number((median! / copy).toFixed(2));
    console.log(
      JSON.stringify({ shape: [rows, width], case: key, timesCopy, median, low, high, unit: "ms" }),
    );
  }
  tf.dispose(held);
}
