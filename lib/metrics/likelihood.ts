// A mean cross entropy in the units that papers report.

/**
 * The perplexity: as unsure as among so many tokens of equal probability.
 *
 * Units: exp of nats per token.
 *
 * @param nats The mean cross entropy in nats per token.
 * @returns exp(nats).
 */
export const perplexity = (nats: number): number => Math.exp(nats);

/**
 * Bits per byte, comparable across tokenizers.
 *
 * ```
 * bits per byte = nats per token / ln 2 / bytes per token
 * ```
 *
 * @param nats The mean cross entropy in nats per token.
 * @param bytesPerToken UTF-8 bytes per token.
 * @returns The bits.
 */
export const bitsPerByte = (nats: number, bytesPerToken: number): number =>
  nats / Math.LN2 / bytesPerToken;
