// Runs a test on every backend of this machine, and on none in silence: absent backends are named, never counted as passed.
// REQUIRE_BACKENDS=webgpu,wasm,cpu turns absence into failure, TEST_BACKENDS=webgpu leaves the others out, and WEBGPU_WITHOUT hides
// features of the adapter (fewer_features.ts). A software adapter (lavapipe) counts as WebGPU here.

import "./fewer_features.ts";
import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { type BackendName, findWebGpu, throwGpuError } from "../../lib/backend/mod.ts";
import { type BackendOptions, useBackend } from "../../lib/kernels/mod.ts";

const all: readonly BackendName[] = ["cpu", "wasm", "webgpu"];

/** The names in a list that a variable of the environment holds. */
const listed = (variable: string): string[] =>
  (Deno.env.get(variable) ?? "").split(",").filter((name) => name !== "");

const asked = listed("TEST_BACKENDS");
const present: Readonly<Record<BackendName, boolean>> = {
  cpu: true,
  wasm: "WebAssembly" in globalThis,
  webgpu: await findWebGpu() !== undefined,
};

/** The backends that this machine has, of those that are asked for. */
export const backends: readonly BackendName[] = all.filter((name) =>
  present[name] && (asked.length === 0 || asked.includes(name))
);

/** Whether tests may be content with few of the sizes for each of which a GPU compiles a program: COMPILES_SLOWLY=1 says so. */
export const compilesSlowly: boolean = Deno.env.get("COMPILES_SLOWLY") === "1";

const absent = all.filter((name) => !present[name]);
const missing = listed("REQUIRE_BACKENDS").filter((name) =>
  !backends.some((backend) => backend === name)
);

if (missing.length > 0) {
  throw new Error(
    `REQUIRE_BACKENDS asks for ${missing.join(", ")}, but this machine has ${backends.join(", ")}`,
  );
}
if (absent.length > 0) console.log(`absent backends, not tested: ${absent.join(", ")}`);

/**
 * Runs a test body on one backend and requires that it leaves no tensor behind and that the GPU reported no error.
 *
 * @param backend The backend.
 * @param body The test; it frees what it makes.
 * @param options Whether operations run fused (the default) or composed.
 */
export async function onBackend(
  backend: BackendName,
  body: () => void | Promise<void>,
  options: BackendOptions = {},
): Promise<void> {
  await useBackend(backend, options);
  const before = tf.memory().numTensors;
  await body();
  throwGpuError();
  assertEquals(tf.memory().numTensors - before, 0, `tensors left behind on ${backend}`);
}

/** A test that runs once for each backend. */
export type BackendTest = (backend: BackendName) => void | Promise<void>;

/**
 * Registers one test for each backend of this machine, called `name [backend]`.
 *
 * @param name What is tested: "symbol() criterion".
 * @param body The test; it frees what it makes.
 */
export function onEachBackend(name: string, body: BackendTest): void {
  for (const backend of backends) {
    Deno.test(`${name} [${backend}]`, () => onBackend(backend, () => body(backend)));
  }
}

/**
 * Registers two tests for each backend: with operations as fused kernels, and composed of tfjs's own, `name [backend, composed]`.
 *
 * @param name What is tested: "symbol() criterion".
 * @param body The test; it frees what it makes.
 */
export function inBothForms(name: string, body: BackendTest): void {
  onEachBackend(name, body);
  for (const backend of backends) {
    Deno.test(
      `${name} [${backend}, composed]`,
      () => onBackend(backend, () => body(backend), { kernels: "composed" }),
    );
  }
}
