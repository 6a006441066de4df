// What notebooks use inside the kernel, as seen outside of one.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  check,
  collectedClaims,
  jupyterDisplay,
  keepOutputsInOrder,
  recordedRuns,
  source,
  table,
  tex,
} from "@normkit/normkit/notebook";
import { findResidual, residuals } from "@normkit/normkit";

function printed(f: () => void): string[] {
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: string) => void lines.push(line);
  try {
    f();
  } finally {
    console.log = log;
  }
  return lines;
}

Deno.test("check() prints both numbers when they agree", () => {
  assertEquals(printed(() => check("Eq. 7", 1.0001, { near: 1, rtol: 1e-3 })), [
    "✓ Eq. 7: 1.0001, predicted 1 ± 0.001",
  ]);
  assertEquals(printed(() => check("loss", 2, { below: 3 })), ["✓ loss: 2, below 3"]);
  assertEquals(printed(() => check("loss", 2, { above: 1 })), ["✓ loss: 2, above 1"]);
});

Deno.test("check() fails with both numbers when they differ, and for NaN", () => {
  for (
    const [measured, expected] of [[2, { near: 1, atol: 0.5 }], [3, { below: 3 }], [1, {
      above: 1,
    }]] as const
  ) {
    const error = assertThrows(() => check("claim", measured, expected), RangeError);
    assertStringIncludes(error.message, `claim: ${measured}`);
  }
  for (const expected of [{ near: 1, atol: 1 }, { below: 1 }, { above: 1 }]) {
    assertThrows(() => check("claim", NaN, expected), RangeError);
  }
});

Deno.test("tex() and table() show mathematics and Markdown", () => {
  assertEquals(tex("x^2")[jupyterDisplay]()["text/latex"], "$\\displaystyle x^2$");
  const text = table([{ name: "a|b", value: 1.23456 }, { name: "c", value: 2 }])
    [jupyterDisplay]()["text/markdown"];
  assertEquals(text, "| name | value |\n| --- | ---: |\n| a\\|b | 1.235 |\n| c | 2 |");
  assertThrows(() => table([]), RangeError, "at least one");
});

Deno.test("source() shows the library's own text of each variant", async () => {
  for (const variant of residuals) {
    const code = (await source(variant))[jupyterDisplay]()["text/plain"]!;
    assert(code.startsWith("export const ") && code.endsWith("};"), variant.id);
    assertStringIncludes(code, `id: "${variant.id}",`);
    assertEquals(code.match(/\bid: "/g)?.length, 1, "one object, not two");
  }
  await assertRejects(
    () => source({ ...findResidual("pre-ln"), id: "mine" }),
    RangeError,
    '"mine"',
  );
  await assertRejects(() => source({ ...findResidual("pre-ln") }), RangeError, '"pre-ln"'); // perhaps another equation
});

Deno.test("recordedRuns() finds the committed runs from inside the checkout", async () => {
  const runs = await recordedRuns("start");
  assertEquals(runs.map(({ manifest }) => manifest.variant).includes("post-ln"), true);
  for (const { manifest, rows } of runs) {
    assert(
      rows.length > 0 && manifest.command !== undefined && manifest.commit !== undefined,
      manifest.variant,
    );
  }
  await assertRejects(() => recordedRuns("no-such-notebook"), Deno.errors.NotFound);
});

Deno.test("keepOutputsInOrder() does nothing outside a kernel", () => {
  const log = console.log;
  keepOutputsInOrder();
  assertEquals(console.log, log);
});

Deno.test("collectedClaims() has a row for each claim, with a link to its notebook", async () => {
  const claims = JSON.parse(
    await Deno.readTextFile(new URL("../../../data/claims.json", import.meta.url)),
  ) as { paper: string; notebook: string }[];
  const rows = await collectedClaims();
  assertEquals(rows.map(({ paper }) => paper), claims.map(({ paper }) => paper));
  assert(rows.every((row, i) => row["verdict"]!.endsWith(`](${claims[i]!.notebook})`)));
});

Deno.test("table() keeps bars in headers and cells", () => {
  const { "text/plain": text } = table([{ "|x|": "a|b" }])[jupyterDisplay]();
  assertEquals(text!.split("\n")[0], "| \\|x\\| |");
  assertStringIncludes(text!, "| a\\|b |");
});
