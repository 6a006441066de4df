// The first cell of a notebook: the backend, the seed, and one line of stable facts.

import type { BackendName } from "../backend/backend.ts";
import { reportCuts } from "../backend/interrupt.ts";
import { requireOptions } from "../core/options.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { Random } from "../core/random.ts";
import { version } from "../core/version.ts";
import { keepOutputsInOrder } from "./output_order.ts";

/**
 * Prepares a notebook: outputs stay in order, the backend is ready, the seed is fixed, and a cell that is interrupted says so and
 * leaves tfjs as it was.
 *
 * @param options The seed (0 by default) and the backend (`"wasm"` by default, which repeats bit for bit).
 * @returns The seeded stream of random numbers.
 * @throws {BackendUnavailableError} If the backend is absent.
 */
export async function setup(
  options: { readonly seed?: number; readonly backend?: "auto" | BackendName } = {},
): Promise<Random> {
  requireOptions("setup()", options, { seed: "number?", backend: "string?" });
  const { seed = 0, backend = "wasm" } = options;
  keepOutputsInOrder();
  reportCuts();
  const { name } = await useBackend(backend);
  console.log(`normkit ${version} · ${name} · seed ${seed}`);
  return new Random(seed);
}
