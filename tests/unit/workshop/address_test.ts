import { assertEquals } from "@std/assert";
import { posix, win32 } from "node:path";
import { addressBetween } from "../../../lib/workshop/address.ts";

Deno.test("addressBetween() encodes names, and has slashes on every system", () => {
  const name = "ein Ordner mit ä # 100%";
  const encoded = "ein%20Ordner%20mit%20%C3%A4%20%23%20100%25";
  assertEquals(addressBetween("/a/b", `/a/${name}/c`, posix), `../${encoded}/c`);
  assertEquals(addressBetween("C:\\a\\b", `C:\\a\\${name}\\c`, win32), `../${encoded}/c`);
  assertEquals(addressBetween("C:\\a", `D:\\${name}`, win32), `file:///D:/${encoded}`);
});
