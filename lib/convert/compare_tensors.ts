// Every number of a folder against what the conversion gives, piece by piece: the main proof of a certificate.

import { nameText } from "../core/excerpt.ts";
import { oneAhead } from "../core/one_ahead.ts";
import { bytesPerNumber, decodeNumbers, type DType, ulp } from "../checkpoint/dtype.ts";
import type { PlannedTensor } from "../checkpoint/writer.ts";

/** The number of a tensor that is farthest from what it should be. */
export interface FarthestNumber {
  /** Its name in the checkpoint. */
  readonly tensor: string;
  /** Its place there, row-major. */
  readonly at: number;
  /** What it should be. */
  readonly expected: number;
  /** What it is. */
  readonly actual: number;
  /** How far that is, in units in the last place of its dtype. */
  readonly ulp: number;
}

/** All tensors of two models compared. */
export interface TensorComparison {
  /** How many tensors there should be. */
  readonly tensors: number;
  /** How many numbers were compared, of tensors that are there in the right shape and dtype. */
  readonly numbers: number;
  /** How many of them are other numbers. */
  readonly differing: number;
  /** The farthest of those. */
  readonly farthest?: FarthestNumber;
  /** Tensors that are missing, additional, of another shape or dtype, each as a clause. */
  readonly unlike: readonly string[];
}

/** The bytes of a tensor in pieces of the lengths that are asked for. */
class Pieces {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(tensor: PlannedTensor) {
    this.#chunks = oneAhead(tensor.chunks());
  }

  /** The bytes that are there, at most `most` of them; none at the end. */
  async next(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return this.#rest;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }
}

/**
 * How far a stored number is from what it should be.
 *
 * Units: in the last place of the smaller one; of numbers so small that only cancellation has left them, those that are 2⁻³⁶ of the
 * largest number beside them.
 */
function distance(dtype: DType, expected: number, actual: number, largest: number): number {
  if (Number.isNaN(expected) && Number.isNaN(actual)) return 0;
  const size = Math.min(Math.abs(expected), Math.abs(actual));
  return Math.abs(actual - expected) / Math.max(ulp(dtype, size), largest * 2 ** -36);
}

/** What is found of the numbers. */
interface Found {
  numbers: number;
  differing: number;
  farthest?: FarthestNumber;
}

/** Notes the numbers of two pieces that are not the same; −0 is another number than 0. */
function compareNumbers(
  { name, dtype }: PlannedTensor,
  first: number,
  expected: Uint8Array,
  actual: Uint8Array,
  found: Found,
): void {
  const [wanted, own] = [decodeNumbers(dtype, expected), decodeNumbers(dtype, actual)];
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  for (let at = 0; at < wanted.length; at++) {
    const [should, is] = [wanted[at]!, own[at]!];
    if (Object.is(should, is)) continue;
    found.differing++;
    const far = distance(dtype, should, is, largest);
    if (found.farthest !== undefined && far <= found.farthest.ulp) continue;
    found.farthest = { tensor: name, at: first + at, expected: should, actual: is, ulp: far };
  }
}

/** Bytes as words of four where they lie so that this can be, which is compared faster. */
const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / 4);

/** Whether two pieces of one length are the same. */
function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  const isInWords = (one.byteOffset | other.byteOffset | one.byteLength) % 4 === 0;
  const [a, b] = isInWords ? [wordsOf(one), wordsOf(other)] : [one, other];
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Compares two tensors of one shape and dtype. */
async function compareTensor(
  expected: PlannedTensor,
  actual: PlannedTensor,
  found: Found,
): Promise<void> {
  const size = bytesPerNumber(expected.dtype);
  const others = new Pieces(actual);
  let at = 0;
  for await (const chunk of oneAhead(expected.chunks())) {
    for (let start = 0; start < chunk.length;) {
      const piece = await others.next(chunk.length - start);
      if (piece.length === 0) throw new RangeError(`Cannot read ${actual.name}: it ends too early`);
      const wanted = chunk.subarray(start, start + piece.length);
      if (!sameBytes(wanted, piece)) compareNumbers(expected, at, wanted, piece, found);
      start += piece.length;
      at += piece.length / size;
    }
  }
  found.numbers += at;
}

/** What keeps two tensors from being compared number by number, as a clause. */
function unlikeness(expected: PlannedTensor, actual: PlannedTensor | undefined): string[] {
  const { dtype, shape } = expected;
  const name = nameText(expected.name);
  if (actual === undefined) return [`${name} is missing`];
  const sizes = (of: readonly number[]): string => `[${of.join(", ")}]`;
  if (sizes(shape) !== sizes(actual.shape)) {
    return [`${name} is ${sizes(actual.shape)} instead of ${sizes(shape)}`];
  }
  return dtype === actual.dtype ? [] : [`${name} is ${actual.dtype} instead of ${dtype}`];
}

/**
 * Compares all tensors of two models, bit by bit, a few megabytes at a time.
 *
 * @param expected What should be stored.
 * @param actual What is stored.
 * @returns What was found.
 */
export async function compareTensors(
  expected: readonly PlannedTensor[],
  actual: readonly PlannedTensor[],
): Promise<TensorComparison> {
  const stored = new Map(actual.map((tensor) => [tensor.name, tensor]));
  const found: Found = { numbers: 0, differing: 0 };
  const unlike: string[] = [];
  for (const tensor of expected) {
    const own = stored.get(tensor.name);
    stored.delete(tensor.name);
    const clauses = unlikeness(tensor, own);
    for (const clause of clauses) unlike.push(clause);
    if (clauses.length === 0) await compareTensor(tensor, own!, found);
  }
  for (const name of stored.keys()) unlike.push(`${nameText(name)} is additional`);
  return { tensors: expected.length, ...found, unlike };
}
