// What bounds the kernels on this machine, one thread of WASM: the multiply-adds that 128-bit vectors can do, and the least time of a
// norm, which reads each row, then reads it again from a cache and writes it. Ours are beside them.

import * as tf from "@tensorflow/tfjs";
import { layerNorm, rmsNorm, type Tensor } from "@normkit/normkit";
import { boundName, loop, multiplyAdds, numbersAt } from "./contestants/bounds.ts";
import { copyContestant } from "./contestants/copy.ts";
import { tensorRunner } from "./contestants/tfjs.ts";
import { run } from "./group.ts";
import type { Session } from "./session.ts";
import type { Contestant } from "./timing/contestant.ts";

/** A square product, whose time stands beside that of its multiply-adds. */
const side = 512;

async function products(session: Session): Promise<void> {
  const flops = 2 * side ** 3;
  await run(session, {
    facts: { m: side, k: side, n: side },
    flops,
    baselines: [boundName],
    contestants: [
      multiplyAdds("product", flops),
      {
        task: "product",
        name: "fused",
        kernels: "fused",
        setup: () => {
          const [a, b] = [0, 1].map(() => tf.randomNormal([side, side])) as [Tensor, Tensor];
          return tensorRunner([a, b], () => tf.matMul(a, b));
        },
      },
    ],
  });
}

async function norms(session: Session, [rows, width]: readonly [number, number]): Promise<void> {
  const bytes = rows * width * 4;
  const norm = (name: string, of: typeof layerNorm): Contestant => ({
    task: "forward",
    name,
    kernels: "fused",
    setup: () => {
      const x = tf.randomNormal([rows, width]);
      const [gain, bias] = [tf.ones([width]), tf.zeros([width])];
      return tensorRunner([x, gain, bias], () => of(x, { gain, bias }));
    },
  });
  await run(session, {
    facts: { rows, width },
    baselines: ["copy", "read, then copy from the cache"],
    contestants: [
      copyContestant(session.backend, [rows, width]),
      loop("forward", "one read", (bounds) => bounds.read(numbersAt, bytes / 4)),
      loop(
        "forward",
        "read, then copy from the cache",
        (bounds) => bounds.readAndCopy(numbersAt, numbersAt + bytes, rows, width),
      ),
      norm("LayerNorm", layerNorm),
      norm("RMSNorm", rmsNorm),
    ],
  });
}

/** Times bounds beside kernels; WASM only. */
export async function runBounds(session: Session): Promise<void> {
  if (session.backend !== "wasm") {
    throw new RangeError(`Cannot bound ${session.backend}: the bounds are those of WASM`);
  }
  await products(session);
  await norms(session, [1024, 256]);
  await norms(session, [2048, 768]);
}
