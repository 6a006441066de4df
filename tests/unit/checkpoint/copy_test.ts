// Copies: every bit arrives, even of numbers that float64 cannot hold.

import { assertEquals, assertThrows } from "@std/assert";
import { planCopy } from "../../../lib/checkpoint/copy.ts";
import { storedDTypes } from "../../../lib/checkpoint/dtype.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { writeSafetensors } from "../../../lib/checkpoint/writer.ts";
import { fileOf, inFolder } from "./files.ts";
import { planned } from "./planned.ts";

Deno.test("planCopy() copies a checkpoint of every dtype of the format byte for byte", () =>
  inFolder(async (folder) => {
    const tensors = storedDTypes.map((dtype, at) => planned(dtype, dtype, [4, at]));
    await writeSafetensors(`${folder}/from`, tensors);
    using from = await openCheckpoint(`${folder}/from`);
    await writeSafetensors(`${folder}/to`, from.names.map((name) => planCopy(from, name)));
    assertEquals(await Deno.readFile(`${folder}/to`), await Deno.readFile(`${folder}/from`));
  }));

Deno.test("planCopy() keeps I64 beyond 2^53, and NaN with their payloads", () =>
  inFolder(async (folder) => {
    const data = new Uint8Array(16);
    const view = new DataView(data.buffer);
    view.setBigInt64(0, 2n ** 53n + 1n, true);
    view.setUint32(8, 0x7f812345, true);
    view.setUint32(12, 0xffc00001, true);
    const header = {
      long: { dtype: "I64", shape: [1], data_offsets: [0, 8] },
      nan: { dtype: "F32", shape: [2], data_offsets: [8, 16] },
    };
    await Deno.writeFile(`${folder}/from`, fileOf(header, data));
    using from = await openCheckpoint(`${folder}/from`);
    const copies = [planCopy(from, "long", "renamed"), planCopy(from, "nan")];
    await writeSafetensors(`${folder}/to`, copies);
    using to = await openCheckpoint(`${folder}/to`);
    assertEquals(to.names, ["renamed", "nan"]);
    assertEquals(await to.bytes("renamed"), data.slice(0, 8));
    assertEquals(await to.bytes("nan"), data.slice(8));
    assertThrows(() => planCopy(from, "absent"), RangeError, 'Cannot read "absent"');
  }));
