// Pixels of PNG and JPEG files are those that Pillow reads.

import { assertEquals } from "@std/assert";
import { type Channels, decodePicture } from "../../lib/data/image_file.ts";
import golden from "./images.json" with { type: "json" };

for (const [name, { file, height, width, rgb, grey }] of Object.entries(golden.cases)) {
  Deno.test(`decodePicture() of ${name} gives Pillow's pixels`, async () => {
    for (const [channels, pixels] of [[3, rgb], [1, grey]] as [Channels, string][]) {
      const picture = await decodePicture(Uint8Array.fromBase64(file), "a", channels);
      const expected = Uint8Array.fromBase64(pixels);
      assertEquals({ ...picture }, { height, width, channels, pixels: expected });
    }
  });
}
