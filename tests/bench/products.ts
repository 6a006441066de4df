// Matrix products in every transposition, plain and batched, in GFLOP/s. XNNPACK, which tfjs uses on WASM, serves only the
// untransposed product; its time there is the measure of the other transpositions too.

import * as tf from "@tensorflow/tfjs";
import { type Array as JaxArray, jit, numpy as np, tree } from "@jax-js/jax";
import type { BackendName, Tensor } from "@normkit/normkit";
import { boundName, multiplyAdds } from "./contestants/bounds.ts";
import { type JaxMode, jaxModes, jaxRunner, useJaxDevice } from "./contestants/jax.ts";
import { tensorRunner } from "./contestants/tfjs.ts";
import { type Group, run } from "./group.ts";
import { type Session, sizesFor } from "./session.ts";
import type { Contestant, KernelMode, Runner } from "./timing/contestant.ts";
import { fusedModes } from "./timing/kernels.ts";

/** C [M, N] = op(A) · op(B) with K in between, `batch` times. */
interface Product {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Those of a decoder: projections, the feed-forward network, their gradients, attention's scores and mixture. */
const sizes = [
  { batch: 1, m: 1024, k: 512, n: 512 },
  { batch: 1, m: 1024, k: 128, n: 512 },
  { batch: 1, m: 128, k: 1024, n: 512 },
  { batch: 1, m: 2048, k: 768, n: 3072 },
  { batch: 1, m: 512, k: 512, n: 512 },
  { batch: 1, m: 1024, k: 1024, n: 1024 },
  { batch: 64, m: 64, k: 32, n: 64 },
  { batch: 64, m: 64, k: 64, n: 64 },
  { batch: 32, m: 256, k: 64, n: 256 },
] as const;

const transpositions = [[false, false], [false, true], [true, false], [true, true]] as const;

/** Shapes of A and B as they are stored. */
function shapesOf({ batch, m, k, n, transposeA, transposeB }: Product): [number[], number[]] {
  const leading = batch === 1 ? [] : [batch];
  const a = transposeA ? [k, m] : [m, k];
  const b = transposeB ? [n, k] : [k, n];
  return [[...leading, ...a], [...leading, ...b]];
}

function tfjsRunner(product: Product): Runner {
  const [a, b] = shapesOf(product).map((shape) => tf.randomNormal(shape)) as [Tensor, Tensor];
  const { transposeA, transposeB } = product;
  return tensorRunner([a, b], () => tf.matMul(a, b, transposeA, transposeB));
}

async function jaxProductRunner(
  product: Product,
  backend: BackendName,
  mode: JaxMode,
): Promise<Runner> {
  await useJaxDevice(backend);
  const { batch, m, n, transposeA, transposeB } = product;
  const [a, b] = shapesOf(product).map((shape) => np.ones(shape)) as [JaxArray, JaxArray];
  const placed = (x: JaxArray, flip: boolean): JaxArray => flip ? np.matrixTranspose(x) : x;
  const multiply = jit((previous: JaxArray, a: JaxArray, b: JaxArray) => {
    previous.dispose();
    return np.matmul(placed(a, transposeA), placed(b, transposeB));
  });
  return jaxRunner({
    mode,
    first: np.zeros(batch === 1 ? [m, n] : [batch, m, n]),
    step: (previous) => [multiply(previous, a.ref, b.ref)],
    dispose: () => {
      tree.dispose([a, b]);
      multiply.dispose();
    },
  });
}

function group({ backend, torch }: Session, product: Product): Group {
  const { batch, m, k, n, transposeA, transposeB } = product;
  const task = "product";
  const by = (name: string, kernels: KernelMode, of = product): Contestant => ({
    task,
    name,
    kernels,
    setup: () => tfjsRunner(of),
  });
  const flops = 2 * batch * m * k * n;
  const untransposed = { ...product, batch: 1, m: batch * m, transposeA: false, transposeB: false };
  return {
    facts: { batch, m, k, n, A: transposeA ? "transposed" : "", B: transposeB ? "transposed" : "" },
    flops,
    baselines: ["fused", "composed", ...(backend === "wasm" ? [boundName] : [])],
    contestants: [
      ...(backend === "wasm" ? [multiplyAdds(task, flops)] : []),
      ...fusedModes(backend).map((mode) => by(mode, mode)),
      ...jaxModes(backend).map((mode) => ({
        task,
        name: mode,
        setup: () => jaxProductRunner(product, backend, mode),
      })),
      ...torch.contestants(task, { what: "product", ...product }),
      by("composed", "composed"),
      ...(backend === "wasm" ? [by("XNNPACK, untransposed", "composed", untransposed)] : []),
    ],
  };
}

/** Times products of every size in every transposition. */
export async function runProducts(session: Session): Promise<void> {
  for (const size of sizesFor(session, sizes)) {
    for (const [transposeA, transposeB] of transpositions) {
      await run(session, group(session, { ...size, transposeA, transposeB }));
    }
  }
}
