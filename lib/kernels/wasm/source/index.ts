// Everything that the module exports. Pointers are byte addresses in the memory of tfjs's WASM backend, widths and counts are
// numbers of floats. The module has no data of its own: a data segment would overwrite tfjs's.

export { adamW } from "./adamw";
export { attention } from "./attention";
export { attentionOfFew } from "./attention_few";
export { attentionGradient } from "./attention_gradient";
export { causalSoftmax, causalSoftmaxGradient } from "./causal_softmax";
export { columnSum } from "./column_sum";
export { copy } from "./copy";
export { crossEntropy, crossEntropyGradient } from "./cross_entropy";
export { combine, dot, scale } from "./elements";
export { multiplyFew } from "./few_rows";
export { gelu, geluGradient } from "./gelu";
export { addNorm, norm } from "./norm";
export { addParts, normGradient } from "./norm_gradient";
export { multiplyBatch, multiplyPacked, packPanels } from "./product";
export { gatherRows, permuteRows } from "./rows";
export { scatterRows } from "./scatter_rows";
export { segmentSum } from "./segment_sum";
