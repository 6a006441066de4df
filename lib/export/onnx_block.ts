// One layer: what each branch reads of the stream, what it computes, and what it adds.

import type { Activation, Block, Branch, FeedForward, Writer } from "../families/description.ts";
import { factorOfGate } from "../families/gate_factor.ts";
import { attend } from "./onnx_attention.ts";
import { word } from "./onnx_graph.ts";
import { apply, normalize, type OnnxPlace, type OnnxStream, vector } from "./onnx_place.ts";

/** What a branch reads besides the stream: the final norms of the stacks that came before, by name. */
export type OnnxMemories = Readonly<Record<string, OnnxStream>>;

/** The function of a feed-forward network. */
export function activate({ graph }: OnnxPlace, activation: Activation, x: string): string {
  const gated = (factor: number): string => {
    const inner = factor === 1 ? x : graph.add("Mul", [x, graph.numbers(factor)]);
    return graph.add("Mul", [x, graph.add("Sigmoid", [inner])]);
  };
  switch (activation) {
    case "gelu":
      return graph.add("Gelu", [x], { approximate: word("none") });
    case "gelu_new":
      return graph.add("Gelu", [x], { approximate: word("tanh") });
    case "relu":
      return graph.add("Relu", [x]);
    case "silu":
      return gated(1);
    case "quick_gelu":
      return gated(1.702);
  }
}

/** act(up x), or act(gate x) ⊙ up x. */
function feed(place: OnnxPlace, { up, gate, activation }: FeedForward, x: string): string {
  const lifted = apply(place, up, x);
  if (gate === undefined) return activate(place, activation, lifted);
  return place.graph.add("Mul", [activate(place, activation, apply(place, gate, x)), lifted]);
}

/** A linear map that writes to the stream, times its scale. */
function write(place: OnnxPlace, { linear, scale }: Writer, x: string): string {
  const written = apply(place, linear, x);
  if (scale === undefined || !place.tensors.has(scale)) return written;
  return place.graph.add("Mul", [written, vector(place, scale)]);
}

/** What a branch adds to the stream, given what it reads. */
function branchOf(
  place: OnnxPlace,
  { sublayer }: Branch,
  read: OnnxStream,
  memories: OnnxMemories,
): string {
  return place.graph.within(sublayer.kind, () => {
    const hidden = sublayer.kind === "attention"
      ? attend(place, sublayer, read, memories)
      : feed(place, sublayer, read.rows);
    return write(place, sublayer.output, hidden);
  });
}

function times({ graph }: OnnxPlace, x: string, factor: number): string {
  return factor === 1 ? x : graph.add("Mul", [x, graph.numbers(factor)]);
}

/** What a norm gives, times its constant. */
function normed(place: OnnxPlace, { norm, normScale = 1 }: Branch, x: OnnxStream): OnnxStream {
  return { ...x, rows: times(place, normalize(place, norm, x.rows, x.width), normScale) };
}

/** x · (1 − act(g)) of a branch's gate g. */
function gated(place: OnnxPlace, branch: Branch, x: string): string {
  const { gate, gateActivation = "silu" } = branch;
  if (gate === undefined) return x;
  const factor = vector(place, gate, { label: `1-${gateActivation}`, of: factorOfGate(branch) });
  return place.graph.add("Mul", [x, factor]);
}

/** g · (s x + F(norm(x))), or norm(g · s x + F(x)) where the norm stands behind the addition. */
function addBranch(
  place: OnnxPlace,
  branch: Branch,
  { post = false, shortcut = 1 }: Block,
  x: OnnxStream,
  memories: OnnxMemories,
): OnnxStream {
  const { graph } = place;
  const added = branchOf(place, branch, post ? x : normed(place, branch, x), memories);
  const kept = times(place, x.rows, shortcut);
  if (!post) return { ...x, rows: gated(place, branch, graph.add("Add", [kept, added])) };
  const rows = graph.add("Add", [gated(place, branch, kept), added]);
  return normed(place, branch, { ...x, rows });
}

/** x + Σ F(norm(x)); a norm that several branches share is computed once. */
function addTogether(
  place: OnnxPlace,
  { branches, post, shortcut }: Block,
  x: OnnxStream,
  memories: OnnxMemories,
): OnnxStream {
  if (post || shortcut !== undefined || branches.some(({ gate }) => gate !== undefined)) {
    throw new RangeError(
      "Cannot export parallel branches with a gate, a norm or a factor of their sum",
    );
  }
  const computed = new Map<string, OnnxStream>();
  let rows = x.rows;
  for (const branch of branches) {
    const key = `${branch.norm.gain} ${branch.normScale}`;
    const read = computed.get(key) ?? normed(place, branch, x);
    computed.set(key, read);
    rows = place.graph.add("Add", [rows, branchOf(place, branch, read, memories)]);
  }
  return { ...x, rows };
}

/**
 * One layer.
 *
 * @param place Where it goes.
 * @param block The layer.
 * @param x The stream at its start.
 * @param memories The final norms of the stacks that came before, by name.
 * @returns The stream at its end.
 * @throws {RangeError} If a memory is not there, or parallel branches have a gate.
 */
export function addBlock(
  place: OnnxPlace,
  block: Block,
  x: OnnxStream,
  memories: OnnxMemories,
): OnnxStream {
  if (block.parallel) return addTogether(place, block, x, memories);
  return block.branches.reduce(
    (stream, branch) => addBranch(place, branch, block, stream, memories),
    x,
  );
}
