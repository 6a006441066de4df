// Probes of models of every kind: on the batches of each task, and of several stacks against float64.

import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll, takeNumbers } from "../../../lib/backend/mod.ts";
import { disposeTree, mapTree, Random } from "../../../lib/core/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import type { NamedTensors } from "../../../lib/decoder/described.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import type { Stack } from "../../../lib/model/spec.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import {
  probeAll,
  probeAngles,
  probeAttention,
  probeBranches,
  probeGradients,
  probeInputs,
  probeNorms,
  probeRemoval,
  probeStream,
  probeUpdates,
  watchOutput,
} from "../../../lib/probes/mod.ts";
import { trainTask } from "../../../lib/tasks/train_task.ts";
import type { TaskProbe } from "../../../lib/tasks/subject.ts";
import type { Row } from "../../../lib/train/record.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import type { Transformer } from "../../../lib/transformer/models.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import { dot, mean } from "../../reference/rows.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { tapsOf } from "../../support/taps.ts";
import { tinyTasks } from "../../support/tiny_tasks.ts";
import { tolerance } from "../../support/tolerances.ts";
import { tokens, transformerCases } from "../../support/transformer_cases.ts";

/** The rows of a kind, of a stack where one is named. */
const rowsOf = (rows: readonly Omit<Row, "step">[], kind: string, stack?: string) =>
  rows.filter((row) => row.kind === kind && row["stack"] === stack);

/** What every probe says of a model. */
function everyProbe(): TaskProbe {
  const watch = watchOutput();
  return async (parameters, model, batch) => [
    ...await probeAll(parameters, model, batch),
    ...await probeInputs(parameters, model, batch.inputs),
    ...await probeNorms(parameters, model, batch.inputs),
    ...await probeRemoval(parameters, model, batch),
    ...await probeUpdates(parameters, parameters),
    ...await watch(parameters, model, batch.inputs),
  ];
}

/** How many rows each kind has of a stack. */
function countsOf({ blocks }: Stack): Readonly<Record<string, number>> {
  const [depth, { branches }] = [blocks.length, blocks[0]!];
  const sublayers = new Set(branches.map(({ role }) => role)).size;
  return {
    stream: (1 + sublayers) * depth,
    branch: sublayers * depth,
    angle: (depth + 1) * depth / 2,
    attention: 2 * (sublayers - 1) * depth,
    gate: depth,
    input: sublayers * depth - 1,
    norm: branches.length * depth,
    removal: depth,
  };
}

for (const [id, make] of Object.entries(tinyTasks)) {
  onEachBackend(`${id}: every probe looks at its model, stack by stack`, async () => {
    const { task, settings } = make();
    const before = tf.memory().numTensors;
    const residual = "pre-ln+gpas";
    const { parameters, record, model } = await trainTask(
      task,
      { ...settings, model: { ...settings.model, residual }, steps: 1 },
      { probe: everyProbe() },
    );
    const rows = record.rows.filter(({ step }) => step === 1);
    const stacks = Object.entries(model.spec.stacks);
    for (const [name, whole] of stacks) {
      const { blocks } = whole;
      const stack = stacks.length === 1 ? undefined : name;
      for (const [kind, count] of Object.entries(countsOf(whole))) {
        assertEquals(rowsOf(rows, kind, stack).length, count, `${kind} of ${name}`);
      }
      const layers = rowsOf(rows, "gradient", stack).map(({ layer }) => Number(layer));
      assertEquals(new Set(layers), new Set([...blocks.keys()].map((at) => at + 1)).add(0));
    }
    for (const kind of ["gradient", "update"]) {
      const named = rows.filter((row) => row.kind === kind).map(({ name }) => name);
      assertEquals(named, Object.keys(parameters), kind);
    }
    const [output] = rowsOf(rows, "output");
    assert(Number(output!["change"]) > 0);
    for (const row of rows.filter(({ kind }) => kind !== "baseline")) {
      const numbers = Object.values(row).filter((value) => typeof value === "number");
      assert(numbers.every(Number.isFinite), JSON.stringify(row));
    }
    disposeTree(parameters);
    assertEquals(tf.memory().numTensors, before);
  });
}

const { make, inputs } = transformerCases["encoder-decoder"]!;
const alike = { source: tokens([1, 2, 3, 4], [5, 6, 0, 2]), tokens: tokens([1, 3, 5], [2, 4, 6]) };

/** An encoder–decoder far from its start. */
function shaken(model: Transformer): NamedTensors {
  const start = drawStarts(model.starts, 3);
  return mapTree<NamedTensors, Tensor>(start, (leaf, path) => {
    const noise = tf.tensor(new Random(5, path).normals(leaf.size, 0.3), leaf.shape);
    const moved = tf.add(leaf, noise);
    tf.dispose([leaf, noise]);
    return moved;
  });
}

/** The stream of each stack after each layer in float64, one matrix for each sequence of a batch. */
async function streamsIn64(
  { spec }: Transformer,
  parameters: NamedTensors,
): Promise<ReadonlyMap<string, readonly number[][]>> {
  const values = await readAll(Object.values(parameters));
  const tensors = memoryTensors(Object.fromEntries(
    Object.entries(parameters).map((
      [name, { shape }],
      at,
    ) => [name, { shape, values: values[at]! }]),
  ));
  const streams = new Map<string, number[][]>();
  for (const at of [0, 1]) {
    const row = ({ ids, size: [, length] }: ReturnType<typeof tokens>): number[] => [
      ...ids.subarray(at * length!, (at + 1) * length!),
    ];
    await runModel(
      float64,
      { spec, tensors },
      { source: row(alike.source), tokens: row(alike.tokens) },
      {
        onLayer: (stack, layer, stream) => {
          const place = `${stack} ${layer}`;
          const width = spec.stacks[stack]!.width;
          const vectors = Array.from(
            { length: stream.length / width },
            (_, i) => [...stream.subarray(i * width, (i + 1) * width)],
          );
          streams.set(place, [...streams.get(place) ?? [], ...vectors]);
        },
      },
    );
  }
  return streams;
}

for (const residual of ["pre-ln", "post-ln", "resi-dual", "deep-norm"]) {
  onEachBackend(
    `probeStream() and probeAngles() of both stacks are those of float64, ${residual}`,
    async (backend) => {
      const model = make(residual);
      const parameters = shaken(model);
      const streams = await streamsIn64(model, parameters);
      const limit = tolerance(backend, "value");
      const found = (await probeStream(parameters, model, { inputs: alike }))
        .filter(({ name }) => name.endsWith("blocks.1.resid_pre") || name.endsWith("resid_post"));
      assertEquals(found.map(({ stack, layer }) => `${stack} ${layer}`), [...streams.keys()]);
      for (const { name, stack, layer, mean: center, rms, variance } of found) {
        const vectors = streams.get(`${stack} ${layer}`)!;
        const flat = vectors.flat();
        const spread = (row: readonly number[]): number =>
          mean(row.map((value) => (value - mean(row)) ** 2));
        const expected = [mean(flat), Math.sqrt(mean(flat.map((v) => v * v)))];
        assert(name.startsWith(`${stack}.blocks.`));
        assertClose([center, rms], expected, limit, name);
        assertClose([variance], [mean(vectors.map(spread))], limit, name);
      }
      const angles = await probeAngles(parameters, model, { inputs: alike });
      assertEquals(
        angles.map(({ stack, from, to }) => `${stack} ${from} ${to}`),
        "encoder 0 1,encoder 0 2,encoder 1 2,decoder 0 1,decoder 0 2,decoder 0 3,decoder 1 2,decoder 1 3,decoder 2 3"
          .split(","),
      );
      for (const { stack, from, to, cosine } of angles) {
        const [x, y] = [from, to].map((layer) => streams.get(`${stack} ${layer}`)!);
        const cosines = x!.map((row, i) =>
          dot(row, y![i]!) / Math.sqrt(dot(row, row) * dot(y![i]!, y![i]!))
        );
        assertClose([cosine], [mean(cosines)], limit, `${stack} ${from} to ${to}`);
      }
      disposeTree(parameters);
    },
  );
}

onEachBackend(
  "probeAttention() of uniform attention is ln of what is seen: no padding, in the encoder and from the decoder",
  async (backend) => {
    const model = make("pre-ln");
    const start = shaken(model);
    const parameters = mapTree<NamedTensors, Tensor>(
      start,
      (leaf, path) => /\.(wq|bq)$/.test(path) ? tf.zerosLike(leaf) : leaf.clone(),
    );
    const rows = await probeAttention(parameters, model, { inputs: inputs(), keyLengths: [4, 2] });
    const [padded, causal] = [mean([4, 2].map(Math.log)), mean([1, 2, 3].map(Math.log))];
    const expected = [
      ...[1, 2].map((layer) => [`encoder.blocks.${layer}.attn.pattern`, padded] as const),
      ...[1, 2, 3].flatMap((layer) => [
        [`decoder.blocks.${layer}.attn.pattern`, causal] as const,
        [`decoder.blocks.${layer}.cross_attn.pattern`, padded] as const,
      ]),
    ].flatMap(([name, entropy]) => [1, 2].map((head) => [name, head, entropy] as const));
    assertEquals(
      rows.map(({ name, head, stack, layer }) => [name, head, `${stack}.blocks.${layer}`]),
      expected.map(([name, head]) => [name, head, name.split(".").slice(0, 3).join(".")]),
    );
    assertClose(
      rows.map(({ entropy }) => entropy),
      expected.map(([, , entropy]) => entropy),
      tolerance(backend, "value"),
      "entropies",
    );
    disposeTree([start, parameters]);
  },
);

/** Numbers as vectors of the stream. */
const vectorsOf = (flat: readonly number[]): readonly number[][] =>
  Array.from({ length: flat.length / 8 }, (_, i) => flat.slice(i * 8, (i + 1) * 8));
const length = (row: readonly number[]): number => Math.sqrt(dot(row, row));

for (const [name, { make, inputs, options = {} }] of Object.entries(transformerCases)) {
  onEachBackend(
    `probes of ${name}: what branches add and sub-layers read, from float64 on its activations`,
    async (backend) => {
      const model = make("peri-ln");
      const parameters = shaken(model);
      const given = inputs();
      const reads = { inputs: given, ...options };
      const seen = await tapsOf((tap) =>
        runBatch(parameters, model, given, { ...options, tap })["logits"]!
      );
      // of networks for patches and for tokens both parts, sequence by sequence
      const numbers = (wanted: string): readonly number[] => {
        const whole = seen.get(wanted);
        if (whole !== undefined) return whole;
        const [patches, words] = ["patches", "tokens"].map((end) => seen.get(`${wanted}.${end}`)!);
        return [0, 1].flatMap((at) =>
          [patches!, words!].flatMap((part) =>
            part.slice(at * part.length / 2, (at + 1) * part.length / 2)
          )
        );
      };
      const limit = tolerance(backend, "value");
      const streams: Readonly<Record<string, string>> = {
        attn_out: "resid_pre",
        cross_attn_out: "resid_mid",
        mlp_out: name === "encoder-decoder" ? "resid_cross" : "resid_mid",
      };
      for (const row of await probeBranches(parameters, model, reads)) {
        const [place, end] = [row.name.replace(/[^.]+$/, ""), row.name.split(".").at(-1)!];
        const isShort = row.stack === "encoder" && end === "mlp_out";
        const stream = vectorsOf(numbers(`${place}${isShort ? "resid_mid" : streams[end]!}`));
        const ratios = vectorsOf(numbers(row.name)).map((branch, i) =>
          length(branch) / length(stream[i]!)
        );
        assertClose([row.ratio], [mean(ratios)], limit, row.name);
      }
      for (const { blocks, stack } of stacksOf(model)) {
        const prefix = stack === undefined ? "" : `${stack}.`;
        const roles = blocks === 0 ? [] : rolesOf(model, stack);
        const names = Array.from({ length: blocks }, (_, at) => at + 1)
          .flatMap((layer) => roles.map((role) => `${prefix}blocks.${layer}.${role}_in`));
        const rows = (await probeInputs(parameters, model, reads)).filter((row) =>
          row.stack === stack
        );
        assertEquals(rows.map((row) => row.name), names.slice(1));
        for (const [at, { name, sublayer, difference }] of rows.entries()) {
          const [before, now] = [numbers(names[at]!), numbers(name)];
          assertEquals(sublayer, at + 2);
          const expected = mean(now.map((value, i) => Math.abs(value - before[i]!)));
          assertClose([difference], [expected], limit, name);
        }
      }
      disposeTree([parameters, ...Object.values(given).filter((one) => one instanceof tf.Tensor)]);
    },
  );
}

/** The stacks of a model as rows name them, with how many layers each has. */
const stacksOf = ({ spec }: Pick<Transformer, "spec">) =>
  Object.entries(spec.stacks).map(([stack, { blocks }], _, { length }) => ({
    stack: length === 1 ? undefined : stack,
    blocks: blocks.length,
  }));

const words = { attention: "attn", crossAttention: "cross_attn", feedForward: "mlp" };

/** What the sub-layers of a layer are called. */
const rolesOf = ({ spec }: Pick<Transformer, "spec">, stack = Object.keys(spec.stacks)[0]!) => [
  ...new Set(spec.stacks[stack]!.blocks[0]!.branches.map(({ role }) => words[role])),
];

Deno.test("probeGradients() takes the loss that it is given, and names stack, layer and parameter", () =>
  onBackend("cpu", async () => {
    const model = make("post-ln");
    const parameters = shaken(model);
    const batch = inputs();
    const loss = (logits: Tensor): tf.Scalar => tf.sum(tf.square(logits)) as tf.Scalar;
    const names = Object.keys(parameters);
    const gradients = tf.grads((...values: Tensor[]) => {
      const named = Object.fromEntries(names.map((name, at) => [name, values[at]!]));
      return loss(runBatch(named, model, batch, { keyLengths: [4, 2] })["logits"]!);
    })(Object.values(parameters));
    const norms = (await readAll(gradients)).map((values) => Math.sqrt(dot(values, values)));
    const rows = await probeGradients(parameters, model, {
      inputs: { inputs: batch, keyLengths: [4, 2] },
      loss,
    });
    assertEquals(rows.map(({ name }) => name), names);
    assertClose(rows.map(({ norm }) => norm), norms, 1e-6, "norms");
    const place = (wanted: string) => {
      const { stack, layer, parameter } = rows.find(({ name }) => name === wanted)!;
      return [stack, layer, parameter];
    };
    const own = "crossAttention.wq";
    assertEquals(place(`decoder.blocks.3.${own}`), ["decoder", 3, own]);
    assertEquals(place("encoder.blocks.1.feedForward.w2"), ["encoder", 1, "feedForward.w2"]);
    assertEquals(place("encoder.wte"), ["encoder", 0, "encoder.wte"]);
    disposeTree([parameters, gradients]);
  }));

Deno.test("probeRemoval() takes a layer out of one stack: that of a model whose branches there add 0", () =>
  onBackend("cpu", async () => {
    const model = make("pre-ln");
    const parameters = shaken(model);
    const batch = { inputs: inputs(), keyLengths: [4, 2] };
    const loss = (logits: Tensor): tf.Scalar => tf.mean(tf.square(logits)) as tf.Scalar;
    const lossOf = (given: NamedTensors): tf.Scalar =>
      tf.tidy(() => loss(runBatch(given, model, batch.inputs, { keyLengths: [4, 2] })["logits"]!));
    const rows = await probeRemoval(parameters, model, { inputs: batch, loss });
    assertEquals(
      rows.map(({ stack, layer }) => `${stack} ${layer}`),
      ["encoder 1", "encoder 2", "decoder 1", "decoder 2", "decoder 3"],
    );
    for (const { stack, layer, loss: found } of rows) {
      const silenced = mapTree<NamedTensors, Tensor>(
        parameters,
        (leaf, path) =>
          new RegExp(`^${stack}\\.blocks\\.${layer}\\..*\\.(wo|w2|bo|b2)$`).test(path)
            ? tf.zerosLike(leaf)
            : leaf.clone(),
      );
      assertClose([found], await takeNumbers([lossOf(silenced)]), 1e-6, `${stack} ${layer}`);
      disposeTree(silenced);
    }
    disposeTree(parameters);
  }));

Deno.test("what is no batch for any model is refused with the key that is wrong", () =>
  onBackend("cpu", async () => {
    const model = make("pre-ln");
    const reads = { inputs: inputs() };
    await assertRejects(
      () => probeStream({}, model, inputs() as unknown as typeof reads),
      RangeError,
      '"source"',
    );
    const wrong = { inputs: reads, los: 1 } as unknown as Parameters<typeof probeAll>[2];
    await assertRejects(() => probeAll({}, model, wrong), RangeError, '"los"');
  }));
