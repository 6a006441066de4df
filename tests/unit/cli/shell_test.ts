import { assertEquals } from "@std/assert";
import { commandLine } from "../../../lib/cli/shell.ts";

Deno.test("commandLine() quotes the words that a shell would read as something else", () => {
  assertEquals(
    commandLine("normkit train", ["pre-ln+gpas", "--out", "my runs/ä", "", "it's", "$HOME", "a#b"]),
    "normkit train pre-ln+gpas --out 'my runs/ä' '' 'it'\\''s' '$HOME' 'a#b'",
  );
});

Deno.test({
  name: "commandLine() gives back what a shell made words of [sh]",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const words = ["a b", "ä", "it's", "#1", "100%", "\\", "*", "a\nb", ""];
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", commandLine("printf '%s\\0'", words)],
    }).output();
    assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
  },
});
