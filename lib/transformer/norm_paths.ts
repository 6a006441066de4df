// The paths of a model's norms, by which a configuration gives some of them an ε of their own.

import { excerpt } from "../core/excerpt.ts";
import { nearest } from "../core/options.ts";
import type { Residual } from "../residual/types.ts";
import { placesOf, type StackPlan } from "./layers.ts";
import type { CompleteLayers } from "./settings.ts";

/** What of a stack's plan says how its norms are called. */
type Plan = Pick<StackPlan, "stack" | "depth" | "prefix" | "memory" | "experts">;

/** The paths of the norms of a layer. */
function pathsIn(residual: Residual, plan: Plan, layer: number): string[] {
  const { prefix, stack, depth } = plan;
  return placesOf(plan).flatMap(({ role, name }) =>
    residual.wiring({ stack, depth, layer, role }).norms
      .map((place) => `${prefix}blocks.${layer}.norm.${name}.${place}`)
  );
}

/** Requires the path of a norm that there is; only its own layer is written out, however many the configuration counts. */
function requireNormPath(path: string, residual: Residual, plans: readonly Plan[]): void {
  const written = Number(/(?:^|\.)blocks\.([1-9]\d*)\./.exec(path)?.[1] ?? 1);
  const outer = plans.flatMap(({ prefix }) => [`${prefix}norm.embedding`, `${prefix}norm.final`]);
  const known = [
    ...outer,
    ...plans.flatMap((plan) => pathsIn(residual, plan, Math.min(written, plan.depth))),
  ];
  if (known.includes(path)) return;
  const meant = nearest(path, known);
  const ranges = plans.map((plan) =>
    `${pathsIn(residual, plan, 1)[0]} to ${pathsIn(residual, plan, plan.depth).at(-1)}`
  );
  throw new RangeError(
    `Cannot use normEps[${excerpt(path)}]: ${
      meant === undefined ? "" : `did you mean "${meant}"? `
    }the norms are ${outer.join(", ")} and ${ranges.join(" and ")}`,
  );
}

/**
 * Requires that each ε is of a norm that there is: any other would have no effect.
 *
 * @param layers What all layers have, with ε by norm.
 * @param plans The stacks.
 * @throws {RangeError} If a model has no such norm.
 */
export function requireNormPaths(
  { normEps, residual }: Pick<CompleteLayers, "normEps" | "residual">,
  plans: readonly Plan[],
): void {
  for (const path of Object.keys(normEps)) requireNormPath(path, residual, plans);
}
