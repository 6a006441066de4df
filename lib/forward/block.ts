// One layer: what each branch reads of the stream, what it computes, and what it adds.

import { attend } from "./attention.ts";
import type { Block, Branch, FeedForward, Writer } from "../families/description.ts";
import { gateFactor } from "../families/gate_factor.ts";
import { apply, inScope, normalize, type Place, readIfThere } from "./place.ts";

/** What a branch reads besides the stream: the final norms of the stacks that came before, by name. */
export type Memories<T> = Readonly<Record<string, T>>;

/** A linear map that writes to the stream, times its scale. */
async function write<T>(place: Place<T>, writer: Writer, x: T): Promise<T> {
  const written = await apply(place, writer.linear, x);
  const scale = await readIfThere(place.tensors, writer.scale);
  return scale === undefined ? written : place.arithmetic.multiplyRow(written, scale);
}

/** A feed-forward network without its writing matrix: act(up x), or act(gate x) ⊙ up x. */
async function feed<T>(place: Place<T>, network: FeedForward, x: T): Promise<T> {
  const { arithmetic } = place;
  const up = await apply(place, network.up, x);
  if (network.gate === undefined) return arithmetic.activate(up, network.activation);
  const gate = arithmetic.activate(await apply(place, network.gate, x), network.activation);
  return arithmetic.multiply(gate, up);
}

/** What a branch adds to the stream, given what it reads. */
function branchOf<T>(
  place: Place<T>,
  { sublayer }: Branch,
  read: T,
  memories: Memories<T>,
): Promise<T> {
  return inScope(place, async (inner) => {
    const hidden = sublayer.kind === "attention"
      ? await attend(inner, sublayer, read, memories)
      : await feed(inner, sublayer, read);
    return await write(inner, sublayer.output, hidden);
  });
}

/** What a norm gives, times its constant. */
async function normed<T>(place: Place<T>, { norm, normScale = 1 }: Branch, x: T): Promise<T> {
  const n = await normalize(place, norm, x);
  return normScale === 1 ? n : place.arithmetic.scale(n, normScale);
}

/**
 * One branch after the other, with s the shortcut's factor and g = 1 − act(gate):
 * g · (s x + F(norm(x))), or norm(g · s x + F(x)) where the norm stands behind the addition.
 */
function addBranch<T>(
  place: Place<T>,
  branch: Branch,
  { post = false, shortcut = 1 }: Block,
  x: T,
  memories: Memories<T>,
): Promise<T> {
  return inScope(place, async (inner) => {
    const { scale, add } = inner.arithmetic;
    const times = (y: T, factor: number): T => factor === 1 ? y : scale(y, factor);
    const gate = await gateFactor(inner.tensors, branch);
    const read = post ? x : await normed(inner, branch, x);
    const added = await branchOf(inner, branch, read, memories);
    if (!post) return times(add(times(x, shortcut), added), gate);
    return await normed(inner, branch, add(times(x, gate * shortcut), added));
  });
}

/** x + Σ F(norm(x)); a norm that several branches share is computed once. */
async function addTogether<T>(
  place: Place<T>,
  { branches, post, shortcut }: Block,
  x: T,
  memories: Memories<T>,
): Promise<T> {
  if (post || shortcut !== undefined || branches.some(({ gate }) => gate !== undefined)) {
    throw new RangeError(
      "Cannot run parallel branches with a gate, a norm or a factor of their sum",
    );
  }
  const computed = new Map<string, T>();
  let sum = x;
  for (const branch of branches) {
    const key = `${branch.norm.gain} ${branch.normScale}`;
    const read = computed.get(key) ?? await normed(place, branch, x);
    computed.set(key, read);
    sum = place.arithmetic.add(sum, await branchOf(place, branch, read, memories));
  }
  return sum;
}

/**
 * One layer.
 *
 * Shapes: x [T, D] · returns [T, D]
 *
 * @param place Where it runs.
 * @param block The layer.
 * @param x The stream at its start.
 * @param memories The final norms of the stacks that came before, by name.
 * @returns The stream at its end, a matrix of its own.
 * @throws {RangeError} If a memory is not there, or the description contradicts itself or the parameters.
 */
export function runBlock<T>(
  place: Place<T>,
  block: Block,
  x: T,
  memories: Memories<T>,
): Promise<T> {
  return inScope(place, async (inner) => {
    // scaling by 1 copies: with no branch at all, the result is still not the stream that the caller frees
    if (block.branches.length === 0) return inner.arithmetic.scale(x, 1);
    if (block.parallel) return await addTogether(inner, block, x, memories);
    let stream = x;
    for (const branch of block.branches) {
      const next = await addBranch(inner, branch, block, stream, memories);
      if (stream !== x) inner.arithmetic.free(stream);
      stream = next;
    }
    return stream;
  });
}
