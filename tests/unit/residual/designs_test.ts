// Designs that the registry does not have, each an object of a few lines: several streams, the embedding added back, a mix over all
// earlier outputs, a factor that depends on the training step. The runner knows none of them; each is compared with plain loops.

import { assert, assertEquals } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { preLn, type Residual, type Site } from "../../../lib/residual/mod.ts";
import { train } from "../../../lib/train/mod.ts";
import { norm } from "../../reference/norms.ts";
import type { OracleLayer } from "../../reference/residuals.ts";
import { addRows, mapRows, matmul, type Rows } from "../../reference/rows.ts";
import { toyStack } from "../../reference/toy_stack.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { matrixOf, numbersOf, tensorOf } from "../../support/evaluate.ts";
import { runToy, runToyInFloat64 } from "../../support/toy_model.ts";
import { manyRows, numbersByPath, tiny } from "../train/tiny_run.ts";
import { tolerance } from "../../support/tolerances.ts";

/** The number k of a sub-layer, from 0. */
const indexOf = ({ layer, role }: Site): number => 2 * (layer - 1) + (role === "attention" ? 0 : 1);

/** x ← λ x + μ x₀ before each sub-layer, which is Pre-LN. */
const embeddingBack: Residual = {
  ...preLn,
  id: "embedding-back",
  start: (_, x) => [x, x],
  wiring: (site) => ({
    norms: ["input"],
    gate: "sum",
    weights: { lambda: 0.9 - 0.05 * indexOf(site), mu: 0.1 + 0.02 * indexOf(site) },
    read: ({ add, weigh }, [x, x0], n) =>
      n.input(add(weigh(n.weight("lambda"), x), weigh(n.weight("mu"), x0!))),
    write: ({ add, weigh }, [x, x0], y, n) => [
      add(add(weigh(n.weight("lambda"), x), weigh(n.weight("mu"), x0!)), y),
      x0!,
    ],
  }),
};

/** Two streams with learned mixes (static Hyper-Connections). */
const twoStreams: Residual = {
  ...preLn,
  id: "two-streams",
  start: (_, x) => [x, x],
  wiring: (site) => {
    const k = indexOf(site);
    return {
      norms: ["input"],
      gate: "sum",
      weights: {
        ...{ m1: 0.7 + 0.1 * k, m2: 0.4 - 0.1 * k, b1: 0.9, b2: 1.1 - 0.1 * k },
        ...{ r11: 0.8, r12: 0.3, r21: -0.1, r22: 0.9 },
      },
      read: ({ add, weigh }, [h1, h2], n) =>
        n.input(add(weigh(n.weight("m1"), h1), weigh(n.weight("m2"), h2!))),
      write: ({ add, weigh }, [h1, h2], y, n) => {
        const mixed = (to: 1 | 2): typeof y =>
          add(
            add(weigh(n.weight(`r1${to}`), h1), weigh(n.weight(`r2${to}`), h2!)),
            weigh(n.weight(`b${to}`), y),
          );
        return [mixed(1), mixed(2)];
      },
    };
  },
  finish: ({ add }, [h1, h2], final) => final(add(h1, h2!)),
};

/** Each sub-layer reads a learned mix of the embedding and of all branches so far. */
const mixOfAll: Residual = {
  ...preLn,
  id: "mix-of-all",
  wiring: (site) => ({
    norms: ["input"],
    gate: "sum",
    weights: Object.fromEntries(
      Array.from({ length: indexOf(site) + 1 }, (_, i) => [`a${i}`, 0.5 + 0.1 * i]),
    ),
    read: ({ add, weigh }, sources, n) =>
      n.input(sources.map((source, i) => weigh(n.weight(`a${i}`), source)).reduce(add)),
    write: (_, sources, y) => [...sources, y],
  }),
  finish: ({ add }, sources, final) => final(sources.reduce(add)),
};

/** Branches that come in one after the other while training: min(1, t / (4 l)) f(N(x)). */
const progressive: Residual = {
  ...preLn,
  id: "progressive",
  wiring: ({ layer, step = Infinity }) => ({
    norms: ["input"],
    gate: "sum",
    update: ({ add, scale }, x, f, n) =>
      add(x, scale(Math.min(1, step / (4 * layer)), f(n.input(x)))),
  }),
};

const stack = toyStack({ depth: 3, width: 6, hidden: 9, norm: "layer" }, 5);
const x: Rows = [[0.4, -1.2, 0.7, 0.1, 2, -0.3], [1, 0.2, -0.8, 0.5, -1.5, 0.9]];
const times = (factor: number, rows: Rows): number[][] => mapRows(rows, (value) => factor * value);

/** The sub-layers of the stack in order: F(N(x)), its norm included. */
const branches = stack.layers.flatMap(({ sublayers, norms }: OracleLayer) =>
  ([0, 1] as const).map((half) => (rows: Rows): number[][] => {
    const read = rows.map((row) => norm("layer", row, { ...norms[half].input, eps: stack.eps }));
    return matmul(mapRows(matmul(read, sublayers[half].w1), Math.tanh), sublayers[half].w2);
  })
);
const final = (rows: Rows): number[][] =>
  rows.map((row) => norm("layer", row, { ...stack.final, eps: stack.eps }));

/** What each design gives, in plain loops. */
const oracles: Readonly<Record<string, (step: number) => number[][]>> = {
  "embedding-back": () =>
    final(branches.reduce<Rows>((rows, f, k) => {
      const mixed = addRows(times(0.9 - 0.05 * k, rows), times(0.1 + 0.02 * k, x));
      return addRows(mixed, f(mixed));
    }, x)),
  "two-streams": () => {
    let [h1, h2]: [Rows, Rows] = [x, x];
    branches.forEach((f, k) => {
      const y = f(addRows(times(0.7 + 0.1 * k, h1), times(0.4 - 0.1 * k, h2)));
      [h1, h2] = [
        addRows(addRows(times(0.8, h1), times(-0.1, h2)), times(0.9, y)),
        addRows(addRows(times(0.3, h1), times(0.9, h2)), times(1.1 - 0.1 * k, y)),
      ];
    });
    return final(addRows(h1, h2));
  },
  "mix-of-all": () => {
    const sources: Rows[] = [x];
    for (const f of branches) {
      sources.push(f(sources.map((rows, i): Rows => times(0.5 + 0.1 * i, rows)).reduce(addRows)));
    }
    return final(sources.reduce(addRows));
  },
  "progressive": (step) =>
    final(branches.reduce<Rows>((rows, f, k) => {
      const layer = Math.floor(k / 2) + 1;
      return addRows(rows, times(Math.min(1, step / (4 * layer)), f(rows)));
    }, x)),
};

for (const design of [embeddingBack, twoStreams, mixOfAll, progressive]) {
  Deno.test(`runModel() of ${design.id} in float64 is plain loops to 1e-12`, async () => {
    const found = await runToyInFloat64(design, stack, x);
    assertClose(found, oracles[design.id]!(Infinity).flat(), 1e-12, design.id);
  });

  onEachBackend(`forward() of ${design.id} is plain loops, at a step too`, async (backend) => {
    for (const step of [1, 3, 9]) {
      const [found] = await numbersOf(() => [
        runToy(design, stack, tensorOf(matrixOf(x)), [], { step }),
      ]);
      const expected = oracles[design.id]!(step).flat();
      assertClose(found!, expected, tolerance(backend, "value"), `${design.id}, step ${step}`);
    }
  });

  Deno.test(`train() trains ${design.id}, every learned number of it`, () =>
    onBackend("cpu", async () => {
      const model = { ...tiny.model, residual: design.id };
      const { parameters, record } = await train({ ...tiny, steps: 2, model }, manyRows, {
        residual: design,
      });
      assertEquals(record.manifest.stopped, undefined);
      const starts = Object.fromEntries(
        (["attention", "feedForward"] as const).flatMap((role) =>
          [1, 2].flatMap((layer) => {
            const site = { layer, depth: 2, stack: "decoder", role } as const;
            return Object.entries(design.wiring(site).weights ?? {}).map(([name, start]) =>
              [`blocks.${layer}.weight.${role}.${name}`, start] as const
            );
          })
        ),
      );
      const numbers = await numbersByPath(parameters);
      for (const [path, start] of Object.entries(starts)) {
        assert(numbers[path]![0] !== Math.fround(start), `${path} stayed at ${start}`);
      }
      assertEquals(
        tensorsOf(parameters).filter(({ path }) => path.includes(".weight.")).length,
        Object.keys(starts).length,
      );
      disposeTree(parameters);
    }));
}

Deno.test("train() tells a variant its step: one that is silent at first leaves its branches as they start", () =>
  onBackend("cpu", async () => {
    const late: Residual = {
      ...preLn,
      id: "late",
      wiring: ({ step = Infinity }) => ({
        norms: ["input"],
        gate: "sum",
        update: ({ add, scale }, x, f, n) => add(x, scale(step <= 2 ? 0 : 1, f(n.input(x)))),
      }),
    };
    const model = { ...tiny.model, residual: "late" };
    const movedAfter = async (steps: number): Promise<boolean> => {
      const settings = { ...tiny, steps, model, optimizer: { kind: "sgd" as const } };
      const start = await train({ ...settings, steps: 0 }, manyRows, { residual: late });
      const end = await train(settings, manyRows, { residual: late });
      const [before, after] = [
        await numbersByPath(start.parameters),
        await numbersByPath(end.parameters),
      ];
      disposeTree([start.parameters, end.parameters]);
      const path = "blocks.1.feedForward.w2";
      return before[path]!.join() !== after[path]!.join();
    };
    assertEquals([await movedAfter(2), await movedAfter(3)], [false, true]);
  }));
