// The library's own text, and the statements of theorems, as notebooks show them.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { code, jupyterDisplay, type Shown, theorem } from "@normkit/normkit/notebook";

const textOf = (shown: Shown): string => shown[jupyterDisplay]()["text/plain"]!;

Deno.test("code() shows a whole declaration and nothing else", async () => {
  const cases = [
    ["convert/compress.ts", "compressStreams", "export function compressStreams(", "\n}"],
    ["convert/compress.ts", "resize", "function resize(", "\n}"],
    [
      "convert/projected_residual.ts",
      "compress",
      "export const compress: StreamProjection = (x) =>",
      "  });",
    ],
    [
      "convert/projected_residual.ts",
      "StreamProjection",
      "export type StreamProjection =",
      "Tensor;",
    ],
    ["convert/training_form.ts", "rulesOf", "const rulesOf: ", "\n};"],
    ["convert/training_form.ts", "TrainingForm", "export interface TrainingForm {", "\n}"],
    ["core/random.ts", "Random", "export class Random {", "\n}"],
    ["convert/verify.ts", "verify", "export async function verify(", "\n}"],
  ] as const;
  for (const [file, name, start, end] of cases) {
    const text = textOf(await code(file, name));
    assert(text.startsWith(start), `${file}: ${text}`);
    assert(text.endsWith(end), `${file}: ${text}`);
    assertEquals(
      text.match(/^(export )?(async )?(function|const|class|interface) /gm)?.length ?? 1,
      1,
    );
    const source = await Deno.readTextFile(new URL(`../../../lib/${file}`, import.meta.url));
    assertStringIncludes(source, `${text}\n`);
  }
  const shown = (await code("ops/gpas.ts", "gpas"))[jupyterDisplay]();
  assert(shown["text/markdown"]!.startsWith("```ts\nexport function gpas("));
});

Deno.test("code() refuses what the library does not declare, and paths out of it", async () => {
  await assertRejects(() => code("ops/gpas.ts", "nothing"), RangeError, "ops/gpas.ts declares ");
  await assertRejects(() => code("ops/nowhere.ts", "gpas"), RangeError, "no such module");
  for (const file of ["../mod.ts", "ops/../../mod.ts", "/etc/passwd", "ops/gpas"]) {
    await assertRejects(() => code(file, "x"), RangeError, "a path inside lib");
  }
});

Deno.test("theorem() shows the comment and the statement, without the proof", async () => {
  const shown = (await theorem("Norms.v", "layerNorm_shift"))[jupyterDisplay]();
  const text = shown["text/plain"]!;
  assert(text.startsWith("(* "), text);
  assertStringIncludes(text, "*)\nTheorem layerNorm_shift ");
  assert(text.endsWith("."), text);
  assert(!text.includes("Proof"));
  assertEquals(text.match(/Theorem/g)?.length, 1);
  assertEquals(shown["text/markdown"], `\`\`\`coq\n${text}\n\`\`\``);
  await assertRejects(() => theorem("Norms.v", "layerNorm"), RangeError, "no such theorem");
  await assertRejects(() => theorem("Nowhere.v", "x"), Deno.errors.NotFound);
});
