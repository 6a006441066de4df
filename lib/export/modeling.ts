// A model described for readers who have nothing of this library: names, shapes, orders and formulas, as JSON and as text.

import { version } from "../core/version.ts";
import { exists, writeAtomically } from "../platform/files.ts";
import {
  type Attention,
  entriesOf,
  type Experts,
  type FeedForward,
  type Linear,
  type ModelSpec,
  namesIn,
  networksOf,
  writersIn,
} from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import {
  activationFormulas,
  attentionFormula,
  attentionParts,
  blockFormulas,
  entryFormulas,
  type Formula,
  gateFormulas,
  headFormulas,
  layoutFormulas,
  networkFormulas,
  normFormulas,
  orderFormulas,
  rotaryFormulas,
  rotaryParts,
} from "./modeling_formulas.ts";
import type { ModelingDescription } from "./modeling_description.ts";
import { resolve } from "./modeling_resolve.ts";
import { modelingText } from "./modeling_text.ts";

function sublayersOf({ stacks, heads }: ModelSpec): (Attention | FeedForward)[] {
  const inBlocks = Object.values(stacks).flatMap(({ blocks }) =>
    blocks.flatMap(({ branches }) =>
      branches.flatMap(({ sublayer }): readonly (Attention | FeedForward)[] =>
        sublayer.kind === "experts" ? networksOf(sublayer) : [sublayer]
      )
    )
  );
  const inHeads = heads.flatMap(({ pool }) =>
    pool === undefined ? [] : [pool.attention, pool.network]
  );
  return [...inBlocks, ...inHeads];
}

/** The formulas of those parts that something has. */
function* partsOf(
  of: string,
  formulas: Readonly<Record<string, Formula>>,
  has: object,
): Generator<[string, Formula]> {
  for (const [part, value] of Object.entries(has)) {
    const formula = formulas[part];
    if (value !== undefined && formula !== undefined) yield [`${of}/${part}`, formula];
  }
}

/** How a mixture weighs its networks, and the one that all rows have. */
function* mixtureFormulas({ among, shared }: Experts): Generator<[string, Formula]> {
  const routing = typeof among === "number" ? "sparse" : among ?? "chosen";
  yield ["experts", networkFormulas.experts];
  yield [`experts/${routing}`, networkFormulas[routing]];
  if (shared !== undefined) yield ["experts/shared", networkFormulas.shared];
}

/** The formulas of attention and networks. */
function* sublayerFormulas(spec: ModelSpec): Generator<[string, Formula]> {
  for (const sublayer of sublayersOf(spec)) {
    if (sublayer.kind === "feedForward") {
      const { gate, holdsGate } = sublayer;
      const kind = holdsGate ? "holdsGate" : gate === undefined ? "plain" : "gated";
      yield [`feedForward/${kind}`, networkFormulas[kind]];
      yield [`activation/${sublayer.activation}`, activationFormulas[sublayer.activation]];
      continue;
    }
    const { projections, rotary } = sublayer;
    yield ["attention", attentionFormula];
    if ("order" in projections) {
      yield [`order/${projections.order}`, orderFormulas[projections.order]];
    }
    if (rotary !== undefined) {
      yield [`rotary/${rotary.order}`, rotaryFormulas[rotary.order]];
      yield* partsOf("rotary", rotaryParts, rotary);
    }
    yield* partsOf("attention", attentionParts, sublayer);
  }
}

/** The formulas of blocks and of where their stacks start. */
function* stackFormulas({ spec, tensors }: Model): Generator<[string, Formula]> {
  for (const stack of Object.values(spec.stacks)) {
    const { recenter, residual, blocks, final, finalOfMean } = stack;
    for (const { kind } of [stack.entry, ...entriesOf(stack)]) {
      yield [`entry/${kind}`, entryFormulas[kind]];
    }
    if (recenter) {
      const kind = final?.kind === "crms" ? "recenter-cut" : "recenter";
      yield ["stack/recenter", blockFormulas[kind]];
    }
    if (finalOfMean === true) yield ["stack/finalOfMean", blockFormulas.finalOfMean];
    if (residual.start !== undefined) yield ["stack/starts", blockFormulas.starts];
    if (residual.gpas !== undefined) {
      yield [`gate/${residual.gpas.activation}`, gateFormulas[residual.gpas.activation]];
    }
    for (const { parallel, branches } of blocks) {
      const kind = parallel ? "parallel" : "joins";
      yield [`block/${kind}`, blockFormulas[kind]];
      for (const { norms, unnormed, rows, weights, sublayer } of branches) {
        if (rows !== undefined) yield ["block/rows", blockFormulas.rows];
        if (unnormed === true) yield ["block/unnormed", blockFormulas.unnormed];
        if (norms.inner !== undefined) yield ["block/inner", blockFormulas.inner];
        if (weights !== undefined) yield ["block/weights", blockFormulas.weights];
        const scales = writersIn(sublayer).map(({ scale }) => scale ?? "");
        if (scales.some((name) => tensors.has(name))) yield ["block/scale", blockFormulas.scale];
        if (sublayer.kind === "experts") yield* mixtureFormulas(sublayer);
      }
    }
  }
}

function* allFormulas(model: Model): Generator<[string, Formula]> {
  const { spec } = model;
  const entryNorms = Object.values(spec.stacks).flatMap(({ entryNorm }) => entryNorm ?? []);
  const headNorms = sublayersOf(spec).flatMap((sublayer) =>
    sublayer.kind === "attention"
      ? [sublayer.headNorms, sublayer.projectionNorms].flatMap((pair) => Object.values(pair ?? {}))
      : []
  );
  const branchNorms = Object.values(spec.stacks).flatMap(({ blocks, final }) => [
    ...blocks.flatMap(({ branches }) => branches.flatMap(({ norms }) => Object.values(norms))),
    ...(final === undefined ? [] : [final]),
  ]);
  yield* stackFormulas(model);
  for (const { kind } of [...branchNorms, ...entryNorms, ...headNorms]) {
    yield [`norm/${kind}`, normFormulas[kind]];
  }
  yield* sublayerFormulas(spec);
  for (const layout of ["out-in", "in-out"] as const satisfies readonly Linear["layout"][]) {
    if (JSON.stringify(spec).includes(`"layout":"${layout}"`)) {
      yield [`layout/${layout}`, layoutFormulas[layout]];
    }
  }
  for (const head of spec.heads) {
    yield [`head/${head.reads}`, headFormulas[head.reads]];
    const parts = [
      "norm",
      "plusSum",
      "transform",
      "pool",
      "activation",
      "scale",
      "softcap",
    ] as const;
    for (const part of parts) {
      if (head[part] !== undefined) yield [`head/${part}`, headFormulas[part]];
    }
    for (const activation of [head.transform?.activation, head.activation]) {
      if (activation === undefined) continue;
      yield [`activation/${activation}`, activationFormulas[activation]];
    }
    for (const norm of [head.norm, head.transform?.norm]) {
      if (norm !== undefined) yield [`norm/${norm.kind}`, normFormulas[norm.kind]];
    }
  }
}

/**
 * Describes a model so that it can be implemented from this alone: the content of a `modeling.json`.
 *
 * @param model The model, as it is stored.
 * @returns Stacks and heads with the names of their tensors, shapes, and the formulas of every word that occurs.
 */
export function modelingDescription(model: Model): ModelingDescription {
  const { spec, tensors, family } = model;
  const resolved = resolve(spec, tensors);
  const read = namesIn(resolved);
  const shapes = tensors.names.filter((name) => read.has(name)).map((name) => {
    const { dtype, shape } = tensors.info(name);
    return [name, { dtype, shape }] as const;
  });
  return {
    format: 1,
    normkit: version,
    family: family.id,
    ...resolved,
    formulas: Object.fromEntries(allFormulas(model)),
    tensors: Object.fromEntries(shapes),
  };
}

/**
 * The texts of `modeling.json` and `MODELING.md`.
 *
 * @param model The model as it is stored.
 * @returns The texts by the names of their files.
 */
export function modelingFiles(model: Model): Readonly<Record<string, string>> {
  const spec = modelingDescription(model);
  return {
    "modeling.json": `${JSON.stringify(spec, undefined, 2)}\n`,
    "MODELING.md": modelingText(spec),
  };
}

/**
 * Writes `modeling.json` and `MODELING.md` into a folder.
 *
 * @param folder The folder, which has the model's tensors.
 * @param model The model as it is stored there.
 * @returns The names of the files.
 * @throws {RangeError} If there is a file of this name.
 */
export async function saveModeling(folder: string, model: Model): Promise<string[]> {
  const files = modelingFiles(model);
  for (const name of Object.keys(files)) {
    if (await exists(`${folder}/${name}`)) {
      throw new RangeError(`Cannot describe a model in ${folder}: it already has ${name}`);
    }
  }
  for (const [name, text] of Object.entries(files)) {
    await writeAtomically(`${folder}/${name}`, text);
  }
  return Object.keys(files);
}
