/**
 * Parameters in files.
 *
 * @module
 */

export { readParameters, writeParameters } from "./safetensors.ts";
