// Every backend has every kernel; one that a machine cannot run is named with its reason.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { KernelName } from "../../../lib/kernels/mod.ts";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { backends } from "../../support/backends.ts";
import { samples } from "./sample_cases.ts";

const names = Object.keys(samples) as KernelName[];

for (const backend of backends) {
  Deno.test(`useBackend() runs every kernel, or says why not [${backend}]`, async () => {
    const { kernels } = await useBackend(backend);
    const silent = names.filter((name) =>
      !kernels!.active.includes(name) && (kernels!.absent[name] ?? "") === ""
    );
    assertEquals(silent, [], `kernels that ${backend} lacks without a reason`);
    const unregistered = kernels!.active.filter((name) => tf.getKernel(name, backend) == null);
    assertEquals(unregistered, []);
  });

  Deno.test(`useBackend() with composed kernels takes them all away [${backend}]`, async () => {
    const { kernels } = await useBackend(backend);
    await useBackend(backend, { kernels: "composed" });
    try {
      assertEquals(names.filter((name) => tf.getKernel(name, backend) != null), []);
    } finally {
      await useBackend(backend);
    }
    const back = await useBackend(backend);
    assertEquals(back.kernels!.active, kernels!.active);
  });
}
