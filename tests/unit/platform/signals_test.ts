// Signals: at once where a command cannot end by itself, at the second one where it can, and nothing temporary stays.

import { assertEquals } from "@std/assert";
import { Random } from "../../../lib/core/random.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

/** Runs the child; each line that it says is answered with a signal, or nothing. */
async function talk(
  how: string,
  answer: (line: string, kill: (signal: Deno.Signal) => void) => void,
): Promise<{ readonly code: number; readonly lines: string[] }> {
  const lines: string[] = [];
  let code = 0;
  await inFolder(async (folder) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        `${checkout}/tests/unit/platform/signals_child.ts`,
        `${folder}/a`,
        how,
      ],
      stdout: "piped",
    }).spawn();
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      for (const line of piece.trimEnd().split("\n")) {
        lines.push(line);
        answer(line, (signal) => {
          try {
            child.kill(signal);
          } catch { /* it has ended */ }
        });
      }
    }
    ({ code } = await child.status);
    assertEquals(namesIn(folder), []);
  });
  return { code, lines };
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  const ignore = Deno.build.os === "windows" && signal !== "SIGINT";
  Deno.test({
    name: `${signal} ends a command at once, with ${code}`,
    ignore,
    fn: async () => {
      const { code: found, lines } = await talk("at once", (line, kill) => {
        if (line === "ready") kill(signal);
      });
      assertEquals([found, lines], [code, ["ready", `ended by ${signal}`]]);
    },
  });
}

Deno.test("a second Ctrl-C ends a command that ends by itself; one that comes with the first does not", async () => {
  let again: ReturnType<typeof setInterval> | undefined;
  const { code, lines } = await talk("in order", (line, kill) => {
    if (line === "ready") kill("SIGINT");
    if (line === "first") kill("SIGINT"); // as a terminal and its parent both send it
    if (line === "told") again = setInterval(() => kill("SIGINT"), 400);
    if (line.startsWith("ended")) clearInterval(again);
  });
  assertEquals([code, lines], [130, ["ready", "first", "told", "ended by SIGINT"]]);
});

Deno.test({
  name: "a signal at any moment leaves folders and files that are whole, and no empty ones",
  ignore: Deno.build.os === "windows", // where SIGHUP cannot be sent
  fn: async () => {
    const random = new Random(3, "moments");
    for (let round = 0; round < 12; round++) {
      await inFolder(async (folder) => {
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "-q", `${checkout}/tests/unit/platform/writing_child.ts`, folder],
        }).spawn();
        while (namesIn(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        await new Promise((resolve) => setTimeout(resolve, random.uniform() * 30));
        child.kill("SIGHUP");
        assertEquals((await child.status).code, 129);
        if (namesIn(folder).length === 0) return; // nothing was whole at that moment
        const [whole, ...others] = namesIn(`${folder}/around`);
        assertEquals(others, []);
        assertEquals(namesIn(`${folder}/around/${whole}`), ["a.json", "b.json", "c.json", "inner"]);
      });
    }
  },
});
