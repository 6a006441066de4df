// The papers' control variants, which figures compare with and which are no designs to build with.

import * as tf from "@tensorflow/tfjs";
import { withGpas } from "../../residual/gpas.ts";
import type { Algebra } from "../../residual/algebra.ts";
import type { Parts, Residual, Sublayer } from "../../residual/types.ts";
import { postLn, preLn } from "../../residual/variants.ts";

/** Post-LN whose lower layers start smaller: the weights of layer l over N − l + 1. Wang et al. 2022 (DeepNet), §3. */
export const postLnInit: Residual = {
  ...postLn,
  id: "post-ln-init",
  label: "Post-LN-init",
  source: "Wang et al. 2022 (DeepNet), §3 and Fig. 3",
  init: { base: "xavier", gain: ({ layer, depth }) => 1 / (depth - layer + 1) },
};

/** Pre-LN whose value, output and feed-forward weights start a unit in the last place of single precision off: what rounding alone does to a training. */
export const preLnDisturbed: Residual = {
  ...preLn,
  id: "pre-ln-disturbed",
  label: "Pre-LN, last digit off",
  source: "ours, for Jiang et al. 2023, Figs. 6 and 7",
  init: { ...preLn.init, gain: () => 1 + 2 ** -23 },
};

/** Pre-LN with GPAS's gates and no stop-gradient: (1 − SiLU(α)) · (x + f(LN(x))). Chen et al. 2025, Eq. 12 and Table 5. */
export const preLnScaled: Residual = {
  ...withGpas(preLn),
  id: "pre-ln+scaling",
  label: "Pre-LN + scaling",
  source: "Chen et al. 2025 (GPAS), Table 5",
  wiring: () => ({
    norms: ["input"],
    gate: "sum",
    update: <T>({ add, weigh }: Algebra<T>, x: T, f: Sublayer<T>, n: Parts<T>) => {
      const one = tf.scalar(1) as unknown as T; // this control runs on tensors alone
      // of 1 the gate makes the factor itself, with its gradient to the gate
      return weigh(n.gpas(one), add(x, f(n.input(x))));
    },
  }),
};
