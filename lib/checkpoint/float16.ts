// Half precision in plain arithmetic, for engines without `Float16Array`: Node has it from 24 on.

/** The values of all bit patterns, made when the first one is read. */
let values: Float64Array | undefined;

function valueOf(bits: number): number {
  const [exponent, fraction] = [bits >> 10 & 31, bits & 1023];
  const sign = bits >> 15 === 0 ? 1 : -1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * Reads half-precision numbers.
 *
 * @param halves Their bits.
 * @returns The numbers.
 */
export function fromHalves(halves: Uint16Array): Float64Array<ArrayBuffer> {
  const table = values ??= Float64Array.from({ length: 2 ** 16 }, (_, bits) => valueOf(bits));
  return Float64Array.from(halves, (bits) => table[bits]!);
}

/** A number from 0 to 2⁵² rounded to a whole one, ties to even: there is no room for a fraction behind 2⁵². */
const rounded = (value: number): number => value + 2 ** 52 - 2 ** 52;

function bitsOf(number: number): number {
  if (Number.isNaN(number)) return 0x7e00;
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
  const size = Math.abs(number);
  if (size >= 65520) return sign | 0x7c00; // half way from the largest to what would be next
  let exponent = -14;
  while (size >= 2 ** (exponent + 1)) exponent++;
  return sign | (exponent + 14) * 1024 + rounded(size * 2 ** (10 - exponent));
}

/**
 * Rounds numbers to half precision, to nearest, ties to even.
 *
 * @param numbers The numbers.
 * @returns Their bits.
 */
export function toHalves(numbers: Float64Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(numbers, bitsOf);
}
