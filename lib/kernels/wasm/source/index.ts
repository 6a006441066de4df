// Everything that the module exports. Pointers are byte addresses in the memory of tfjs's WASM backend, widths and counts are
// numbers of floats. The module has no data of its own: a data segment would overwrite tfjs's.

export { copy } from "./copy";
