// Trees of parameters: nested records and arrays with one kind of leaf. A model's parameters are such a tree of tensors, its
// gradients and optimizer moments are trees of the same shape. Nothing here knows what a leaf is for.

import { requireDtype } from "./check.ts";
import type { Tensor } from "./tensor.ts";

/** Nested records and arrays whose leaves are `T`. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** A leaf with its path; array positions are written from 1, as layers are. */
export interface Leaf<T> {
  /** Names joined by dots, such as `blocks.1.attention.wq`. */
  readonly path: string;
  /** The leaf itself. */
  readonly value: T;
}

function isRecord(node: unknown): node is Record<string, unknown> {
  return typeof node === "object" && node !== null &&
    Object.getPrototypeOf(node) === Object.prototype;
}

function children(node: unknown): [string, unknown][] | undefined {
  if (Array.isArray(node)) return node.map((child, i) => [String(i + 1), child]);
  if (isRecord(node)) return Object.entries(node);
  return undefined;
}

/**
 * All leaves of a tree in a fixed order.
 *
 * @param tree The tree.
 * @param prefix The path of the tree itself.
 * @returns The leaves with their paths.
 */
export function leaves<T>(tree: Tree<T>, prefix = ""): Leaf<T>[] {
  const below = children(tree);
  if (below === undefined) return [{ path: prefix, value: tree as T }];
  return below.flatMap(([key, child]) =>
    leaves(child as Tree<T>, prefix === "" ? key : `${prefix}.${key}`)
  );
}

/**
 * A tree of the same shape with other leaves.
 *
 * @param tree The tree.
 * @param f Gives the new leaf from the old one and its path.
 * @returns The new tree.
 */
export function mapTree<P, T, U = T>(tree: P, f: (leaf: T, path: string) => U, prefix = ""): P {
  const at = (key: string): string => prefix === "" ? key : `${prefix}.${key}`;
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child, f, at(String(i + 1)))) as P;
  if (isRecord(tree)) {
    return Object.fromEntries(
      Object.entries(tree).map(([key, child]) => [key, mapTree(child, f, at(key))]),
    ) as P;
  }
  return f(tree as unknown as T, prefix) as unknown as P;
}

/**
 * A tree of the same shape, its leaves taken in order from a list.
 *
 * @param tree The tree that gives the shape.
 * @param values One leaf for each leaf of the tree, in the order of {@linkcode leaves}.
 * @returns The new tree.
 * @throws {RangeError} If the list is too short or too long.
 */
export function fillTree<P, U>(tree: P, values: readonly U[]): P {
  let used = 0;
  const filled = mapTree<P, unknown, U | undefined>(tree, () => values[used++]);
  if (used !== values.length) {
    throw new RangeError(
      `Cannot fill a tree of ${used} leaves from ${values.length} values: they must be as many`,
    );
  }
  return filled;
}

/**
 * The tensors of a tree of parameters, gradients or moments.
 *
 * @param tree A tree whose leaves are tensors.
 * @returns The tensors with their paths, in the order of {@linkcode leaves}.
 */
export function tensorsOf(tree: unknown): Leaf<Tensor>[] {
  return leaves(tree as Tree<Tensor>);
}

/**
 * Requires leaves of a tree to be floats: kernels read memory as such.
 *
 * @param leaves The leaves, from {@linkcode tensorsOf}.
 * @throws {TypeError} If one is not float32; the message has its path.
 */
export function requireFloats(leaves: readonly Leaf<Tensor>[]): void {
  requireDtype("float32", Object.fromEntries(leaves.map(({ path, value }) => [path, value])));
}

/**
 * Frees every tensor of a tree.
 *
 * @param tree A tree whose leaves are tensors.
 */
export function disposeTree(tree: unknown): void {
  for (const { value } of tensorsOf(tree)) value.dispose();
}

/**
 * The number of scalars in a tree of tensors.
 *
 * @param tree A tree whose leaves are tensors, such as a model's parameters.
 * @returns How many numbers it holds.
 */
export function countParameters(tree: unknown): number {
  return tensorsOf(tree).reduce((sum, { value }) => sum + value.size, 0);
}
