/**
 * The text of the examples. It stands apart from the library, since the package that holds it brings some 300 others along.
 *
 * ```ts
 * import { mobyDick } from "@normkit/normkit/data";
 *
 * const { train, heldOut, tokenizer } = await mobyDick();
 * console.log(`${train.length + heldOut.length} characters, ${tokenizer.vocabulary} of them different`);
 * ```
 *
 * @module
 */

export { mobyDick } from "./moby_dick.ts";
