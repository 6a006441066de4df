// What an equation of a residual variant computes with. Tensors with gradients, nodes of a graph, linear forms that conversions
// read constants from, and text for readers are four algebras; the equation is written once, over any of them.

/** The operations of an equation, on values of one kind. None changes its arguments. */
export interface Algebra<T> {
  /** x + y, of equal shape. */
  add(x: T, y: T): T;
  /** A constant of the equation times x. */
  scale(factor: number, x: T): T;
  /** A learned scalar (see `weights` of a wiring) times x. */
  weigh(weight: T, x: T): T;
}

/**
 * What a variant carries through its layers: first the stream x, which probes and heads look at, then whatever else it keeps, such
 * as ResiDual's second stream, the embedding, or the outputs of all layers so far.
 */
export type State<T> = readonly [x: T, ...others: T[]];
