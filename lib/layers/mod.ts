/**
 * Parameters with the functions that use them: linear maps, norms, attention, the feed-forward network.
 *
 * @module
 */

export {
  attention,
  type AttentionOptions,
  type AttentionParameters,
  initAttention,
} from "./attention.ts";
export {
  feedForward,
  type FeedForwardActivation,
  type FeedForwardParameters,
  initFeedForward,
} from "./feed_forward.ts";
export { initMatrix, linear } from "./linear.ts";
export { initNorm, norm, normFunctions, type NormParameters } from "./norm.ts";
