// The files of unit tests that other runtimes run as well: in a page, and in Node.

import { checkout } from "../../lib/workshop/checkout.ts";

/** Those that read the checkout's files. */
const onDisk = ["binary_test.ts"];

/** The end of a device: what runs after it in the same process has none. */
export const deviceLoss = "unit/kernels/webgpu/device_test.ts";

function testsIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(`${checkout}/tests/unit/${folder}`), ({ name }) => name)
    .filter((name) => name.endsWith("_test.ts") && !onDisk.includes(name))
    .map((name) => `unit/${folder}/${name}`).sort()
    .filter((file) => file !== deviceLoss);
}

/** The paths in `tests` of the tests of kernels. */
export const kernelTests: readonly string[] = [
  ...testsIn("kernels"),
  ...testsIn("kernels/webgpu"),
];

/** The paths in `tests` of the tests of operations and their gradients. */
export const operationTests: readonly string[] = testsIn("ops");
