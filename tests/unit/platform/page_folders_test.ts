// What a page's folders are where there is no page; tests/in_page/files.ts has them in one.

import { assertRejects } from "@std/assert";
import { listFiles, mountFolder } from "../../../lib/checkpoint/mod.ts";

Deno.test("mountFolder() and listFiles() say that they are for pages", async () => {
  const mounted = "Cannot mount /a: it is for pages, and Deno has the paths of its disk";
  await assertRejects(() => mountFolder("/a", []), RangeError, mounted);
  await assertRejects(
    () => Array.fromAsync(listFiles("/a")),
    RangeError,
    "Cannot list the files of /a: it is for pages",
  );
});
