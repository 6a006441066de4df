// What the code of a residual variant does, as data: the texts of its functions, and what they give at every place of a decoder. By
// it a variant of one's own is told from another of the same id.

import type { Residual, ScaledMatrix, Site } from "./types.ts";

const matrices: readonly ScaledMatrix[] = ["wv", "wo", "w1", "w2"];

/** The places of a decoder, from the first layer to the last. */
function sitesOf(depth: number): Site[] {
  return Array.from({ length: depth }, (_, index) => index + 1).flatMap((layer) =>
    (["attention", "feedForward"] as const).map((role): Site => ({
      layer,
      depth,
      stack: "decoder",
      role,
    }))
  );
}

/**
 * The source text of a function, without types and with single spaces: what it closes over is not in it.
 *
 * @param code The function.
 * @returns Its text; undefined where there is none.
 */
export function sourceOf(code: unknown): string | undefined {
  return typeof code === "function" ? String(code).replaceAll(/\s+/g, " ") : undefined;
}

/** The same object with texts in place of its functions. */
function withSources(parts: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, sourceOf(part) ?? part]),
  );
}

/** What a variant does at one place. Numbers are computed, since no text tells what a function closes over. */
function atSite({ wiring, init }: Residual, site: Site): unknown {
  return {
    wiring: withSources(wiring(site)),
    gains: matrices.map((matrix) => init.gain?.(site, matrix) ?? 1),
    normGain: init.normGain?.(site) ?? 1,
  };
}

/**
 * What the code of a variant does in a decoder.
 *
 * @param residual The variant.
 * @param depth The decoder's layers.
 * @returns Texts and numbers, fit for JSON; label, source and equation, which compute nothing, are left out.
 */
export function codeOf(residual: Residual, depth: number): Readonly<Record<string, unknown>> {
  const { label: _label, source: _source, equation: _equation, init, ...parts } = residual;
  return {
    ...withSources(parts),
    init: withSources(init),
    sites: sitesOf(depth).map((site) => atSite(residual, site)),
  };
}
