import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type BackendName,
  BackendUnavailableError,
  findWebGpu,
  GpuError,
  readAll,
} from "../../../lib/backend/mod.ts";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { backends, onEachBackend } from "../../support/backends.ts";
import type { Outcome } from "../../support/cli.ts";
import { inCheckout, runScript } from "../../support/script.ts";

/** Runs a script with the library as `normkit`, in a process of its own, as a reader of this library would. */
const runWithLibrary = (script: string, ...flags: string[]): Promise<Outcome> =>
  runScript(`const normkit = await import(${inCheckout("mod.ts")});\n${script}`, { flags });

const use = (name: string): string =>
  `const tf = await import("@tensorflow/tfjs");
   const choice = await normkit.useBackend(${JSON.stringify(name)});
   const y = tf.tidy(() => tf.softmax(tf.matMul(tf.ones([4, 4]), tf.ones([4, 4]))));
   console.log(JSON.stringify({ ...choice, used: tf.getBackend(), y: (await y.data())[0] }));`;

for (const name of [...backends, "auto"] as const) {
  Deno.test(`useBackend("${name}") computes in a fresh process and writes nothing to stderr`, async () => {
    const { code, out, err } = await runWithLibrary(use(name), "-A");
    assertEquals(err, "");
    assertEquals(code, 0);
    const choice = JSON.parse(out);
    assertEquals(choice.y, 0.25);
    assertEquals(choice.used, choice.name);
    if (name !== "auto") assertEquals(choice.reason, "asked for by name");
    if (name === "auto") assert(!choice.software, "auto takes no software adapter");
  });
}

onEachBackend("useBackend() says what it chose", async (backend) => {
  const choice = await useBackend(backend);
  assertEquals(choice.name, backend);
  assertEquals(tf.getBackend(), backend);
  const adapter = backend === "webgpu" ? await findWebGpu() : undefined;
  assertEquals(choice.adapter, adapter?.adapter);
  assertEquals(choice.software, adapter?.software ?? false);
});

Deno.test("useBackend() refuses an unknown name", async () => {
  await assertRejects(
    () => useBackend("webgl" as BackendName),
    RangeError,
    'backend = "webgl": it must be one of auto, webgpu, wasm, cpu',
  );
});

const hideGpu = `Object.defineProperty(navigator, "gpu", { value: undefined });`;
const noAdapter =
  `Object.defineProperty(navigator, "gpu", { value: { requestAdapter: () => Promise.resolve(null) } });`;

for (
  const [machine, prepare] of [["no navigator.gpu", hideGpu], ["no adapter", noAdapter]] as const
) {
  Deno.test(`useBackend("webgpu") with ${machine} says how to get one`, async () => {
    const { out, err } = await runWithLibrary(
      `${prepare}
      try { await normkit.useBackend("webgpu"); } catch (error) {
        console.log(JSON.stringify({
          unavailable: error instanceof normkit.BackendUnavailableError,
          backend: error.backend, name: error.name, message: error.message,
        }));
      }`,
      "-A",
    );
    assertEquals(err, "");
    const { message, ...error } = JSON.parse(out);
    assertEquals(error, { unavailable: true, backend: "webgpu", name: "BackendUnavailableError" });
    assertMatch(
      message,
      /^Cannot use the webgpu backend: no WebGPU adapter answered\. .*mesa-vulkan/,
    );
  });

  Deno.test(`useBackend("auto") with ${machine} takes WASM and says why`, async () => {
    const { out, err } = await runWithLibrary(`${prepare}\n${use("auto")}`, "-A");
    assertEquals(err, "");
    const { name, reason } = JSON.parse(out);
    assertEquals([name, reason], ["wasm", "no hardware WebGPU adapter"]);
  });
}

Deno.test("without --allow-read, WASM says which folder it needs, in one sentence and nothing else", async () => {
  const { out, err } = await runWithLibrary(`${hideGpu}\n${use("auto")}`);
  assertEquals(err, "");
  const { name, reason } = JSON.parse(out);
  assertEquals(name, "cpu");
  const [, folder] = /^no hardware WebGPU adapter, WASM failed \(it needs --allow-read="(.+)"\)$/
    .exec(reason)!;
  const byName = await runWithLibrary(`await normkit.useBackend("wasm");`);
  assertStringIncludes(
    byName.err,
    `BackendUnavailableError: Cannot use the wasm backend: it needs`,
  );
  const allowed = await runWithLibrary(use("wasm"), `--allow-read=${folder}`);
  assertEquals(allowed.err, "");
  assertEquals(JSON.parse(allowed.out).name, "wasm");
});

/** Our kernels do not load: nothing compiles but what tfjs compiles. */
const noModules =
  `WebAssembly.Module = class { constructor() { throw new Error("no code here"); } };`;

Deno.test('useBackend("auto") takes the next backend where kernels do not load, and says why', async () => {
  const { out, err } = await runWithLibrary(`${hideGpu}\n${noModules}\n${use("auto")}`, "-A");
  assertEquals(err, "");
  const { name, reason, used } = JSON.parse(out);
  assertEquals([name, used], ["cpu", "cpu"]);
  assertEquals(reason, "no hardware WebGPU adapter, WASM failed (no code here)");
});

Deno.test("useBackend() by name refuses a backend whose kernels do not load, and leaves the one in use", async () => {
  const { out, err } = await runWithLibrary(
    `${noModules}
    const tf = await import("@tensorflow/tfjs");
    await normkit.useBackend("cpu");
    try { await normkit.useBackend("wasm"); } catch (error) {
      const y = normkit.rmsNorm(tf.ones([1, 4]));
      console.log(JSON.stringify([error.name, error.message, tf.getBackend(), (await y.data()).length]));
    }
    const composed = await normkit.useBackend("wasm", { kernels: "composed" });
    console.log(JSON.stringify([composed.name, tf.getBackend()]));`,
    "-A",
  );
  assertEquals(err, "");
  const [refused, composed] = out.trim().split("\n").map((line) => JSON.parse(line));
  const message = 'Cannot use the wasm backend: no code here. Mend that or use "cpu"';
  assertEquals(refused, ["BackendUnavailableError", message, "cpu", 4]);
  assertEquals(composed, ["wasm", "wasm"]);
});

Deno.test("BackendUnavailableError says what is missing and what to do", () => {
  const error = new BackendUnavailableError("wasm", "it is not there", "Get it");
  assertInstanceOf(error, Error);
  assertEquals(error.message, "Cannot use the wasm backend: it is not there. Get it");
  assertEquals(error.backend, "wasm");
});

if (backends.includes("webgpu")) {
  Deno.test("a command that the GPU refuses becomes a GpuError at the next read, once", async () => {
    await useBackend("webgpu");
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    // a buffer that is mapped for reading may not be a storage buffer
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE;
    device.createBuffer({ size: 16, usage }).destroy();
    const x = tf.add(tf.ones([2]), 1);
    const error = await assertRejects(() => readAll([x]), GpuError);
    assertMatch(error.message, /^The GPU reported an error: \S/);
    assertEquals(Array.from((await readAll([x]))[0]!), [2, 2]);
    x.dispose();
  });
}
