// Everything that the module exports. Pointers are byte addresses in the memory of tfjs's WASM backend, widths and counts are
// numbers of floats. The module has no data of its own: a data segment would overwrite tfjs's.

export { copy } from "./copy";
export { columnSum } from "./column_sum";
export { multiplyBatch, multiplyPacked, packPanels } from "./product";
export { segmentSum } from "./segment_sum";
