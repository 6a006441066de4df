import { assertEquals } from "@std/assert";
import { posix, win32 } from "node:path";
import { addressBetween, withoutEnd } from "../../../lib/platform/path.ts";

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

Deno.test("addressBetween() encodes names, and has slashes on every system", () => {
  const name = "ein Ordner mit ä # 100%";
  const encoded = "ein%20Ordner%20mit%20%C3%A4%20%23%20100%25";
  assertEquals(addressBetween("/a/b", `/a/${name}/c`, posix), `../${encoded}/c`);
  assertEquals(addressBetween("C:\\a\\b", `C:\\a\\${name}\\c`, win32), `../${encoded}/c`);
  assertEquals(addressBetween("C:\\a", `D:\\${name}`, win32), `file:///D:/${encoded}`);
});
