// Every residual variant against its float64 oracle and its laws. To add a variant, add a row here: the oracle's id (see
// tests/reference/residuals.ts) and what must hold of it beyond the recurrence.

import { assert, assertEquals } from "@std/assert";
import {
  deepNorm,
  lns,
  lnsGain,
  mixLn,
  periLn,
  postLn,
  preLn,
  type Residual,
  resiDual,
  residuals,
  resPostNorm,
  sandwichLn,
  type StreamWiring,
  subLn,
  withGpas,
} from "../../../lib/residual/mod.ts";
import { mapTree } from "../../../lib/core/mod.ts";
import type { NormKind } from "../../../lib/kernels/contract.ts";
import { gateActivations } from "../../reference/gpas.ts";
import { norm } from "../../reference/norms.ts";
import { randomRows, uniform } from "../../reference/random.ts";
import {
  oracle,
  oracleGateGradients,
  oracleIds,
  oracleInputGradient,
  type OracleLayer,
  type OracleNorms,
  type OracleStack,
} from "../../reference/residuals.ts";
import { addRows, mapRows, type Rows } from "../../reference/rows.ts";
import { type ToySizes, toyStack } from "../../reference/toy_stack.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { pullToy, runToyInFloat64, tapsOfToy } from "../../support/toy_model.ts";

interface Row {
  readonly of: Residual;
  /** The id of its recurrence among the oracles. */
  readonly oracle: string;
  /** What else holds, by the sentence that says it. */
  readonly laws: Readonly<Record<string, () => Promise<void>>>;
}

const width = 12;
const sizes = { depth: 4, width, hidden: 10, norm: "layer" } as const;
const x = mapRows(randomRows(uniform(21), 3, width), Math.fround);
const dy = mapRows(randomRows(uniform(22), 3, width), Math.fround);

/**
 * A toy stack whose numbers are float32: library and oracle start from the same ones. Matrices have entries of variance 1/D
 * and gates are within ±0.45, as in models; larger ones make eight sub-layers amplify the rounding of float32.
 */
const toy = (seed: number, changed: Partial<ToySizes> = {}): OracleStack => {
  const scaleAt = (path: string): number =>
    /\.w[12]\./.test(path) ? Math.sqrt(3 / width) : path.endsWith(".gate") ? 0.5 : 1;
  return mapTree<OracleStack, unknown>(
    toyStack({ ...sizes, ...changed }, seed),
    (leaf, path) =>
      typeof leaf !== "number" || path === "eps" ? leaf : Math.fround(leaf * scaleAt(path)),
  );
};

/** So small that a normed row has an RMS of 1. */
const eps = 1e-12;

/** Two variants are the same function of the stream, with the same gradients. */
async function assertSame(a: Residual, b: Residual, ofA: OracleStack, ofB = ofA): Promise<void> {
  const found = await pullToy(a, ofA, x, dy);
  const expected = await pullToy(b, ofB, x, dy);
  const limit = tolerance("cpu", "equal formulas");
  assertClose(found.value, expected.value, limit, `value of ${a.id}`);
  assertClose(found.gradients[0]!, expected.gradients[0]!, limit, `gradient of ${a.id}`);
}

/** The stack with other layers. */
const mapLayers = (
  stack: OracleStack,
  f: (layer: OracleLayer, number: number) => OracleLayer,
): OracleStack => ({
  ...stack,
  layers: stack.layers.map((layer, index) => f(layer, index + 1)),
});

/** The stack with gains of a constant and no biases at one site. */
const withGain = (
  stack: OracleStack,
  site: keyof OracleNorms,
  gain: (layer: number) => number,
): OracleStack =>
  mapLayers(stack, (layer, number) => {
    const at = { gain: Array(width).fill(gain(number)), bias: Array(width).fill(0) };
    const [first, second] = layer.norms;
    return { ...layer, norms: [{ ...first, [site]: at }, { ...second, [site]: at }] };
  });

const rowsOf = (flat: readonly number[]): number[][] =>
  Array.from({ length: flat.length / width }, (_, t) => flat.slice(t * width, (t + 1) * width));

/** Root mean square of each row, which must be the expected one. */
function assertRms(flat: readonly number[], expected: number, what: string): void {
  for (const row of rowsOf(flat)) {
    const rms = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length);
    assertClose([rms], [expected], tolerance("cpu", "value"), what);
  }
}

const siteName = { attention: "resid_mid", feedForward: "resid_post" } as const;

/** Gain 1 makes each new stream a normed one. */
async function streamIsNormed(of: Residual): Promise<void> {
  const taps = await tapsOfToy(of, withGain({ ...toy(31), eps }, "stream", () => 1), x);
  for (let layer = 1; layer <= sizes.depth; layer++) {
    for (const after of Object.values(siteName)) {
      assertRms(taps.get(`blocks.${layer}.${after}`)!, 1, `${after} of layer ${layer}`);
    }
  }
}

/** Gain 1 on the output norm makes each step as long as √D, whatever the sub-layer gives. */
async function stepsAreNormed(of: Residual): Promise<void> {
  const stack = withGain({ ...toy(32), eps }, "output", () => 1);
  const taps = await tapsOfToy(of, stack, x);
  for (let layer = 1; layer <= sizes.depth; layer++) {
    const before = taps.get(`blocks.${layer}.resid_pre`)!;
    const after = taps.get(`blocks.${layer}.resid_mid`)!;
    const step = after.map((value, index) => value - before[index]!);
    assertRms(step, 1, `step of layer ${layer}`);
  }
}

const rows: readonly Row[] = [
  {
    of: postLn,
    oracle: "post-ln",
    laws: { "its stream is normed after each sub-layer": () => streamIsNormed(postLn) },
  },
  {
    of: preLn,
    oracle: "pre-ln",
    laws: {
      "with GPAS it is Pre-LN whose W₂ are divided by ∏ c of the sites before": async () => {
        const stack = { ...toy(33), eps };
        const scale = (gate: number): number => 1 - gateActivations.silu.value(gate);
        let before = 1;
        const folded = mapLayers(stack, (layer) => {
          const [first, second] = layer.sublayers.map(({ w1, w2 }) => {
            const divided = w2.map((row) => row.map((value) => value / before));
            before *= scale(layer.gate);
            return { w1, w2: divided };
          });
          return { ...layer, sublayers: [first!, second!] };
        });
        const found = await pullToy(preLn, folded, x, dy);
        const expected = await pullToy(withGpas(preLn), stack, x, dy);
        assertClose(found.value, expected.value, tolerance("cpu", "equal formulas"), "folded");
      },
    },
  },
  {
    of: subLn,
    oracle: "sub-ln",
    laws: {
      "its cross-attention is wired as Pre-LN": () => {
        const crossed: Residual = {
          ...subLn,
          wiring: (site) => subLn.wiring({ ...site, role: "crossAttention" }),
        };
        return assertSame(crossed, preLn, toy(34));
      },
    },
  },
  {
    of: deepNorm,
    oracle: "deep-norm",
    laws: {
      "its stream is normed after each sub-layer": () => streamIsNormed(deepNorm),
      "at α = 1 it is Post-LN": () => {
        const plain: Residual = {
          ...deepNorm,
          wiring: (site) => deepNorm.wiring({ ...site, depth: 1 / 2 }), // α = (2 L)^¼
        };
        return assertSame(plain, postLn, toy(35));
      },
    },
  },
  {
    of: sandwichLn,
    oracle: "sandwich-ln",
    laws: { "its steps are normed": () => stepsAreNormed(sandwichLn) },
  },
  {
    of: resiDual,
    oracle: "resi-dual",
    laws: {
      "its stream, and so every input of a branch, is Post-LN's": async () => {
        const stack = toy(36);
        const found = await tapsOfToy(resiDual, stack, x);
        const expected = await tapsOfToy(postLn, stack, x);
        for (const [name, values] of expected) {
          if (name !== "out" && name !== "final") assertEquals(found.get(name), values, name);
        }
      },
      "the norm of its dual stream has an ε of 1e-7, seen where x is small and branches are 0":
        async () => {
          const stack = mapLayers(toy(43), (layer) => {
            const [first, second] = layer.sublayers.map(({ w1, w2 }) => ({
              w1,
              w2: mapRows(w2, () => 0),
            }));
            return { ...layer, sublayers: [first!, second!] };
          });
          const small = mapRows(x, (value) => Math.fround(value / 1000));
          const taps = await tapsOfToy(resiDual, stack, small);
          const normed = small.map((row) => norm("layer", row, { ...stack.final, eps: 1e-7 }));
          const stream = rowsOf(taps.get(`blocks.${sizes.depth}.resid_post`)!);
          const expected = addRows(stream, normed).flat();
          assertClose(taps.get("out")!, expected, tolerance("cpu", "value"), "output");
        },
      "its output less the stream is the norm of x₀ + Σ f": async () => {
        const stack = toy(37);
        const taps = await tapsOfToy(resiDual, stack, x);
        const branches = [...taps].filter(([name]) => name.endsWith("_out"));
        assertEquals(branches.length, 2 * sizes.depth);
        const dual = branches.reduce<Rows>((sum, [, flat]) => addRows(sum, rowsOf(flat)), x);
        const normed = dual.map((row) => norm("layer", row, { ...stack.final, eps: 1e-7 }));
        const stream = rowsOf(taps.get(`blocks.${sizes.depth}.resid_post`)!);
        const limit = tolerance("cpu", "value");
        assertClose(taps.get("out")!, addRows(stream, normed).flat(), limit, "output");
      },
    },
  },
  {
    of: mixLn,
    oracle: "mix-ln",
    laws: {
      "below 4 layers it is Pre-LN": () => assertSame(mixLn, preLn, toy(38, { depth: 3 })),
      "its first ⌊L/4⌋ layers are Post-LN's and the others Pre-LN's": () => {
        for (let depth = 1; depth <= 17; depth++) {
          for (let layer = 1; layer <= depth; layer++) {
            const site = { layer, depth, stack: "decoder", role: "attention" } as const;
            const expected = 4 * layer <= depth ? ["stream"] : ["input"];
            assertEquals(mixLn.wiring(site).norms, expected, `layer ${layer} of ${depth}`);
          }
        }
        return Promise.resolve();
      },
    },
  },
  {
    of: lns,
    oracle: "lns",
    laws: {
      "at layer 1 it is Pre-LN": () => assertSame(lns, preLn, toy(39, { depth: 1 })),
      "both branches of layer l read an RMS of 1/√l, and the final norm gives 1": async () => {
        const ones = withGain({ ...toy(40), eps }, "input", () => 1);
        const final = { gain: Array(width).fill(1), bias: Array(width).fill(0) };
        const bare: Residual = {
          ...lns,
          wiring: (site) => {
            const wiring = lns.wiring(site) as StreamWiring;
            return {
              ...wiring,
              // a branch that gives back what it reads: each step is the input of a branch
              update: (algebra, stream, _f, n) => wiring.update(algebra, stream, (h) => h, n),
            };
          },
        };
        const taps = await tapsOfToy(bare, { ...ones, final }, x);
        for (let layer = 1; layer <= sizes.depth; layer++) {
          const [pre, mid, post] = ["resid_pre", "resid_mid", "resid_post"].map((name) =>
            taps.get(`blocks.${layer}.${name}`)!
          );
          for (const [from, to] of [[pre!, mid!], [mid!, post!]] as const) {
            const input = to.map((value, index) => value - from[index]!);
            assertRms(input, layer ** -0.5, `input of layer ${layer}`);
          }
        }
        assertRms(taps.get("out")!, 1, "output");
      },
    },
  },
  {
    of: lnsGain,
    oracle: "lns-gain",
    laws: {
      "with its gains at their start it is LNS": () => {
        const stack = toy(41);
        const start = (layer: number): number =>
          lnsGain.init.normGain!({
            layer,
            depth: sizes.depth,
            stack: "decoder",
            role: "attention",
          });
        return assertSame(
          lnsGain,
          lns,
          withGain(stack, "input", start),
          withGain(stack, "input", () => 1),
        );
      },
    },
  },
  {
    of: periLn,
    oracle: "peri-ln",
    laws: {
      "its steps are normed": () => stepsAreNormed(periLn),
      "at equal weights it is Sandwich-LN": () => assertSame(periLn, sandwichLn, toy(42)),
    },
  },
  {
    of: resPostNorm,
    oracle: "res-post-norm",
    laws: { "its steps are normed": () => stepsAreNormed(resPostNorm) },
  },
];

Deno.test("residuals have one row each in this file, and one oracle", () => {
  assertEquals(rows.map(({ of }) => of.id), residuals.map(({ id }) => id));
  assertEquals(rows.map(({ oracle }) => oracle), [...oracleIds]);
  assert(rows.every(({ laws }) => Object.keys(laws).length > 0));
});

for (const { of, oracle: recurrence, laws } of rows) {
  for (const modifier of ["", "+gpas"]) {
    const residual = modifier === "" ? of : withGpas(of);
    const id = recurrence + modifier;
    onEachBackend(`forward() of ${residual.id} agrees with its oracle`, async (backend) => {
      for (const kind of ["layer", "rms", "crms"] satisfies NormKind[]) {
        const stack = toy(26, { norm: kind });
        const { value, gradients } = await pullToy(residual, stack, x, dy);
        const [input, ...gates] = gradients;
        const what = (of: string): string => `${of} of ${id} with ${kind}`;
        const limit = tolerance(backend, "gradient");
        const out = oracle(id, stack, x).flat();
        assertClose(value, out, tolerance(backend, "value"), what("value"));
        const toInput = oracleInputGradient(id, stack, x, dy).flat();
        assertClose(input!, toInput, limit, what("input gradient"));
        assertClose(
          gates.flat(),
          oracleGateGradients(id, stack, x, dy),
          limit,
          what("gate gradients"),
        );
      }
    });
  }

  for (const modifier of ["", "+gpas"]) {
    Deno.test(`runModel() of ${of.id}${modifier} in float64 is its oracle to 1e-12`, async () => {
      const residual = modifier === "" ? of : withGpas(of);
      for (const kind of ["layer", "rms", "crms"] satisfies NormKind[]) {
        const stack = toy(23, { norm: kind });
        const found = await runToyInFloat64(residual, stack, x);
        const expected = oracle(recurrence + modifier, stack, x).flat();
        assertClose(found, expected, 1e-12, `${residual.id} with ${kind}`);
      }
    });
  }

  for (const [says, holds] of Object.entries(laws)) {
    Deno.test(`${of.id}: ${says}`, () => onBackend("cpu", holds));
  }

  Deno.test(`${of.id}: with GPAS at gate 0 it is the base, bit for bit in value`, () =>
    onBackend("cpu", async () => {
      const stack = mapLayers(toy(24), (layer) => ({ ...layer, gate: 0 }));
      const found = await pullToy(withGpas(of), stack, x, dy);
      const expected = await pullToy(of, stack, x, dy);
      assertEquals(found.value, expected.value);
      const limit = tolerance("cpu", "equal formulas"); // tfjs sums the same terms in another order
      assertClose(found.gradients[0]!, expected.gradients[0]!, limit, "input gradient");
    }));
}

Deno.test("forward() of a variant that scales the shortcut wrongly is caught by its oracle", () =>
  onBackend("cpu", async () => {
    const stack = toy(25);
    const wrong: Residual = {
      ...deepNorm,
      wiring: (site) => {
        const wiring = postLn.wiring(site) as StreamWiring;
        return {
          ...wiring,
          update: (algebra, h, f, n) =>
            wiring.update(algebra, h, (g) => algebra.scale(1.7, f(g)), n),
        };
      },
    };
    const { value } = await pullToy(wrong, stack, x, dy);
    const expected = oracle("deep-norm", stack, x).flat();
    const distance = Math.max(...value.map((v, index) => Math.abs(v - expected[index]!)));
    assert(distance > 0.01, `the difference is only ${distance}`);
  }));
