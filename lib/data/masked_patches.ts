// Masked image modelling: which patches of an image are to be guessed, in blocks, since a single one follows from its neighbors.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Random } from "../core/random.ts";

/** How {@linkcode maskBlocks} masks. */
export interface MaskBlocksOptions {
  /** The share of patches that is exceeded; 0.4 by default. */
  readonly share?: number;
}

const optionKinds: OptionKinds<MaskBlocksOptions> = { share: "number?" };

/** The least of a block among all patches: BEiT's 16 of 14 × 14. */
const leastShare = 16 / 196;

/** How much higher than wide a block is at least; the most is its inverse. */
const leastAspect = 0.3;

/** A side of a block, in patches. */
const sideOf = (length: number, most: number): number =>
  Math.min(most, Math.max(1, Math.round(length)));

/**
 * Draws blocks of patches until they cover more than a share of all.
 *
 * ```
 * repeat: s from [least, share · N − masked],  r from [0.3, 1 / 0.3],  a block of √(s r) × √(s / r) patches, anywhere
 * ```
 *
 * The least block is BEiT's share of an image, 16 patches of 196. As in the authors' code it is log r that is uniform, so that blocks are
 * as often wide as high.
 *
 * Source: Bao et al. 2022 (BEiT), Algorithm 1.
 *
 * @param grid Patches down and across.
 * @param random What draws.
 * @param options The share.
 * @returns The places of the masked patches, row by row from 0, in their order.
 * @throws {RangeError} If there are fewer than four patches, or the share is out of range.
 */
export function maskBlocks(
  [down, across]: readonly [down: number, across: number],
  random: Random,
  options: MaskBlocksOptions = {},
): number[] {
  requireOptions("maskBlocks()", options, optionKinds);
  const share = requireNumber("share", options.share ?? 0.4, { above: 0, below: 1 });
  const patches = requireInteger("down", down, { min: 1 }) *
    requireInteger("across", across, { min: 1 });
  if (patches < 4) {
    throw new RangeError(
      `Cannot mask blocks of ${down} × ${across} patches: there must be 4 at least`,
    );
  }
  const masked = new Set<number>();
  const least = Math.max(1, leastShare * patches);
  while (masked.size <= share * patches) {
    const most = Math.max(least, share * patches - masked.size);
    const size = least + random.uniform() * (most - least);
    const aspect = leastAspect ** (2 * random.uniform() - 1);
    const [height, width] = [
      sideOf(Math.sqrt(size * aspect), down),
      sideOf(Math.sqrt(size / aspect), across),
    ];
    const top = random.integer(down - height + 1);
    const left = random.integer(across - width + 1);
    for (let row = top; row < top + height; row++) {
      for (let column = left; column < left + width; column++) masked.add(row * across + column);
    }
  }
  return [...masked].sort((a, b) => a - b);
}
