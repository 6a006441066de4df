// The documentation of public functions: shapes where there are tensors, sources where there is a paper, throws where code throws.

import { assertEquals } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";

interface PublicFunction {
  readonly file: string;
  readonly name: string;
  readonly doc: string;
  readonly head: string;
  readonly body: string;
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${checkout}/${folder}`)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts") && !name.startsWith("_") && name !== "mod.ts") {
      yield `${folder}/${name}`;
    }
  }
}

async function publicFunctions(folder: string): Promise<PublicFunction[]> {
  const found: PublicFunction[] = [];
  const pattern =
    /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export (?:async )?function\*? (\w+)([\s\S]*?) \{\n([\s\S]*?)^\}/gm;
  for await (const file of sources(folder)) {
    const text = await Deno.readTextFile(`${checkout}/${file}`);
    for (const [, doc = "", name, head, body] of text.matchAll(pattern)) {
      found.push({ file, name: name!, doc, head: head!, body: body! });
    }
  }
  return found;
}

const named = (functions: readonly PublicFunction[]): string[] =>
  functions.map(({ file, name }) => `${file} ${name}`);

Deno.test("every public function under ops that returns a tensor gives shapes", async () => {
  const functions = await publicFunctions("lib/ops");
  const lacking = functions.filter(({ head, doc }) =>
    /\): (Tensor|Scalar)$/.test(head) && !doc.includes("Shapes:")
  );
  assertEquals(functions.length > 15, true, "the pattern must find the functions");
  assertEquals(named(lacking), []);
});

Deno.test("every norm, GPAS and residual modifier names its paper", async () => {
  const functions = [...await publicFunctions("lib/ops"), ...await publicFunctions("lib/residual")];
  const ours = ["layerNorm", "rmsNorm", "crmsNorm", "gpas", "withGpas", "rotary", "deepNormScale"];
  const found = functions.filter(({ name }) => ours.includes(name));
  assertEquals(found.length, ours.length);
  assertEquals(named(found.filter(({ doc }) => !/Source:[\s\S]*\d{4}/.test(doc))), []);
});

Deno.test("every public function that throws says so", async () => {
  const functions = await publicFunctions("lib");
  const lacking = functions.filter(({ body, doc }) =>
    /throw new (Range|Type|Syntax)Error|\brequire(Number|Integer|OneOf|Dtype|Eps|Floats)\(/.test(
      body,
    ) &&
    !doc.includes("@throws")
  );
  assertEquals(named(lacking), []);
});
