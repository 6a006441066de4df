/**
 * The document in which Plot creates its elements. Bundles for browsers take the browser's own in its place.
 */
import { parseHTML } from "linkedom";

/**
 * A document with nothing in it.
 *
 * @returns The document; it is shown nowhere.
 */
export function emptyDocument(): Document {
  return parseHTML("<!doctype html><html><body></body></html>").document;
}
