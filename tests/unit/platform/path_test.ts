import { assertEquals } from "@std/assert";
import { posix, win32 } from "node:path";
import { withoutEnd } from "../../../lib/platform/path.ts";

Deno.test("withoutEnd() takes the separators of the system from a path's end, and leaves a root", () => {
  for (const [path, trimmed] of [["a/b//", "a/b"], ["./a/", "./a"], ["/", "/"], ["a\\", "a\\"]]) {
    assertEquals(withoutEnd(path!, posix), trimmed);
  }
  const windows = [
    ["C:\\models\\x\\", "C:\\models\\x"],
    ["C:\\", "C:\\"],
    ["runs/", "runs"],
    ["\\\\server\\share\\x\\", "\\\\server\\share\\x"],
    ["a/b\\", "a\\b"],
  ];
  for (const [path, trimmed] of windows) assertEquals(withoutEnd(path!, win32), trimmed);
});
