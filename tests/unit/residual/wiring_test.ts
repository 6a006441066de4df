// The contract between a wiring and the runner: what it names is what it calls, at every layer, with and without GPAS.

import { assertEquals, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../lib/core/tensor.ts";
import {
  joinBranch,
  type NormPlace,
  type Parts,
  type Residual,
  residuals,
  type Role,
  type Site,
  type Sublayer,
  withGpas,
} from "../../../lib/residual/mod.ts";
import { tensorAlgebra } from "../../../lib/residual/tensor_algebra.ts";
import { onBackend } from "../../support/backends.ts";

/** All that one update did, in order, and the tensors it did it to. */
interface Observed {
  readonly calls: string[];
  readonly read: Tensor[];
  readonly scaled: { readonly from: Tensor; readonly to: Tensor }[];
  readonly out: Tensor;
}

/** Runs one update with norms, sub-layer and gate that double their input and note that they were called. */
function observe(residual: Residual, site: Site, x: Tensor): Observed {
  const calls: string[] = [];
  const read: Tensor[] = [];
  const scaled: { from: Tensor; to: Tensor }[] = [];
  const double = (h: Tensor): Tensor => tf.mul(h, 2);
  const noted = (name: NormPlace) => (h: Tensor): Tensor => {
    calls.push(name);
    return double(h);
  };
  const parts: Parts<Tensor> = {
    weight: () => tf.scalar(1),
    input: noted("input"),
    inner: noted("inner"),
    output: noted("output"),
    stream: noted("stream"),
    gpas: (from) => {
      const to = double(from);
      scaled.push({ from, to });
      return to;
    },
  };
  const sublayer: Sublayer<Tensor> = (h, inner = (hidden) => hidden) => {
    read.push(h);
    return inner(h);
  };
  const state = residual.start?.(tensorAlgebra, x) ?? [x];
  const [out] = joinBranch(tensorAlgebra, residual.wiring(site), state, sublayer, parts);
  return { calls, read, scaled, out };
}

const roles: readonly Role[] = ["attention", "crossAttention", "feedForward"];
const depth = 9;
const sites: readonly Site[] = roles.flatMap((role) =>
  Array.from({ length: depth }, (_, index): Site => ({
    layer: index + 1,
    depth,
    stack: "decoder",
    role,
  }))
);

for (const base of residuals) {
  for (const residual of [base, withGpas(base)]) {
    Deno.test(`wiring() of ${residual.id} calls each norm that it names once, and no other`, () =>
      onBackend("cpu", () => {
        for (const site of sites) {
          tf.tidy(() => {
            const { calls, read } = observe(residual, site, tf.scalar(1));
            assertEquals(
              calls.toSorted(),
              [...residual.wiring(site).norms].sort(),
              `layer ${site.layer}, ${site.role}`,
            );
            assertEquals(read.length, 1, "calls of the sub-layer");
          });
        }
      }));
  }

  Deno.test(`wiring() of ${base.id}+gpas scales once where its gate says, and never the branch`, () =>
    onBackend("cpu", () => {
      for (const site of sites) {
        tf.tidy(() => {
          const x = tf.scalar(1);
          const { read, scaled, out } = observe(withGpas(base), site, x);
          assertEquals(scaled.length, 1);
          if (base.wiring(site).gate === "sum") {
            assertStrictEquals(scaled[0]!.to, out, "the sum is scaled last");
          } else {
            assertStrictEquals(scaled[0]!.from, x, "the shortcut is scaled");
            assertStrictEquals(read[0], x, "the branch reads the raw stream");
          }
        });
      }
    }));
}

Deno.test("wiring() without GPAS never scales by a gate", () =>
  onBackend("cpu", () => {
    for (const residual of residuals) {
      for (const site of sites) {
        tf.tidy(() => assertEquals(observe(residual, site, tf.scalar(1)).scaled.length, 0));
      }
    }
  }));

Deno.test("wiring() scales the shortcut exactly where the sum goes into the stream's norm", () => {
  for (const residual of residuals) {
    for (const site of sites) {
      const { norms, gate } = residual.wiring(site);
      const expected = norms.includes("stream") ? "shortcut" : "sum";
      assertEquals(gate, expected, `${residual.id}, layer ${site.layer}`);
    }
  }
});
