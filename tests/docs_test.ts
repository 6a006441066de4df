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

const filler = "a all an and any by each every for in is its new of one that the their this to";

/** The words of a text or of a name in camel case, without articles and the like, in the singular. */
function wordsOf(text: string): Set<string> {
  const words = text.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g) ?? [];
  const singular = (word: string): string => word.toLowerCase().replace(/s+$/, "");
  const dropped = new Set(filler.split(" ").map(singular));
  return new Set(words.map(singular).filter((word) => !dropped.has(word)));
}

/** The names whose one-line docstring has no word that they do not have. */
function repeated(text: string): string[] {
  const documented =
    /\/\*\* ([^*\n]*) \*\/\n\s*(?:(?:export|async|readonly|override|get|const|function\*?|interface|type|class|let) )*#?(\w+)/g;
  return [...text.matchAll(documented)]
    .filter(([, doc, name]) => wordsOf(doc!).isSubsetOf(wordsOf(name!)))
    .map(([, , name]) => name!);
}

Deno.test("no docstring repeats the name and says nothing else", async () => {
  const found: string[] = [];
  for await (const file of sources("lib")) {
    const text = await Deno.readTextFile(`${checkout}/${file}`);
    found.push(...repeated(text).map((name) => `${file} ${name}`));
  }
  assertEquals(found, []);
});

Deno.test("repeated() finds what says nothing, and accepts a word more", () => {
  const planted = [
    "/** The command. */\nexport const foldCommand: Command = {",
    "/** Its shape. */\n  readonly shape: number[];",
    "/** Options of a norm. */\nexport interface NormOptions {",
  ];
  assertEquals(planted.flatMap(repeated), ["foldCommand", "shape", "NormOptions"]);
  assertEquals(repeated("/** The shape, […, D]. */\nshape: number[];"), []);
});
