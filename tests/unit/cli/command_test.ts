// How arguments are parsed, and what becomes of errors.

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import {
  choiceOption,
  type Command,
  numberOptions,
  parse,
  requireWords,
  stringOptions,
  UsageError,
} from "../../../lib/cli/command.ts";
import { runProgram } from "../../../lib/cli/run.ts";
import { BackendUnavailableError } from "../../../lib/backend/mod.ts";
import { printedBy } from "../../support/cli.ts";
import { inCheckout, runScript } from "../../support/script.ts";

const options: Command["options"] = { ...stringOptions("rate out"), json: { type: "boolean" } };

Deno.test("parse() takes a negative number behind an option, in one word or two", () => {
  for (const value of ["-1", "-.5", "-1e-3", "-Infinity"]) {
    for (const words of [["--rate", value], [`--rate=${value}`]]) {
      assertEquals(parse(words, options).values["rate"], value);
    }
  }
  assertEquals(parse(["a", "--rate", "1", "--", "--rate", "-2"], options).words, [
    "a",
    "--rate",
    "-2",
  ]);
  for (const words of [["--rate", "-x"], ["--json", "-1"], ["-1"], ["--rate"], ["--json=1"]]) {
    assertThrows(() => parse(words, options), UsageError);
  }
});

Deno.test("parse() refuses empty words and values, and names that every object has", () => {
  for (const words of [[""], ["--out", ""], ["--out="], ["--__proto__", "1"], ["--constructor"]]) {
    assertThrows(() => parse(words, options), UsageError);
  }
});

Deno.test("options are read as numbers and choices, or refused as wrong usage", () => {
  const args = parse(["--rate", "2", "--out", "b"], options);
  assertEquals(numberOptions(args, ["rate", "json"]), { rate: 2 });
  assertEquals(choiceOption(args, "out", ["a", "b"]), "b");
  assertThrows(() => choiceOption(args, "out", ["a"]), UsageError, 'Cannot use out = "b"');
  assertThrows(() => numberOptions(args, ["out"]), UsageError, "Cannot read --out b");
  assertThrows(() => requireWords(parse(["a"], options), []), UsageError, "it takes no word");
});

/** A command that throws. */
const failing = (error: unknown): Command => ({
  summary: "",
  help: "",
  options,
  run: () => Promise.reject(error),
});

const errors: readonly (readonly [error: unknown, code: number, kind: string])[] = [
  [new UsageError("said"), 2, "usage"],
  [new RangeError("said"), 3, "refused"],
  [new SyntaxError("said"), 3, "refused"],
  [new BackendUnavailableError("webgpu", "said", "remedy"), 3, "refused"],
  [new Deno.errors.NotFound("said"), 3, "refused"],
  [new Error("said"), 1, "failed"],
  [new Deno.errors.PermissionDenied("said"), 1, "failed"],
  [new TypeError("said"), 1, "failed"],
  [new ReferenceError("said"), 1, "failed"],
  ["said", 1, "failed"],
];
for (const [error, expected, kind] of errors) {
  const name = error instanceof Error ? error.name : typeof error;
  Deno.test(`a program that throws a ${name} ends with ${expected}, a sentence and one JSON object`, async () => {
    const program = { name: "p", call: "run p", command: failing(error) };
    const { code, out, err } = await printedBy(() => runProgram(program, ["--json"]));
    assertEquals(code, expected);
    const found = JSON.parse(out).error;
    assertEquals([found.kind, found.code], [kind, expected]);
    assertStringIncludes(found.message, "said");
    assertMatch(err, /^p: /);
    assertEquals(err.includes("    at "), false);
    assertEquals(err.includes("Try: run p --help"), expected === 2);
    const ours = error instanceof TypeError || error instanceof ReferenceError || name === "string";
    assertEquals(err.includes("Something went wrong inside of normkit"), ours);
  });
}

Deno.test("NORMKIT_DEBUG shows where a program failed", async () => {
  const script = `import { runProgram } from ${inCheckout("lib/cli/run.ts")};
const run = () => Promise.reject(new TypeError("said"));
const command = { summary: "s", help: "", options: {}, run };
await runProgram({ name: "p", call: "run p", command }, []);`;
  const [usual, debugged] = await Promise.all(
    [{}, { NORMKIT_DEBUG: "1" }].map((env) => runScript(script, { env })),
  );
  assertEquals(usual!.err.trim().split("\n").length, 1, usual!.err);
  assertStringIncludes(debugged!.err, "TypeError: said\n    at ");
});

Deno.test("a report has numbers that JSON lacks as strings", async () => {
  const command: Command = {
    ...failing(0),
    run: () => Promise.resolve({ code: 1, report: { loss: NaN }, text: "for people" }),
  };
  const program = { name: "p", call: "p", command };
  assertEquals(
    await printedBy(() => runProgram(program, ["--json"])),
    { code: 1, out: '{"loss":"NaN"}', err: "" },
  );
  assertEquals((await printedBy(() => runProgram(program, []))).out, "for people");
});
