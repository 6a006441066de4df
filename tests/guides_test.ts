// The guides: each block for those who come from PyTorch gives PyTorch's numbers, and every name of ours in it is exported; numbers of
// measurements are those of the page that they link to, and types of models are what lib/families knows of them.

import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { typeFacts } from "../lib/families/facts.ts";
import { checkout } from "../lib/workshop/checkout.ts";
import { assertClose } from "./support/close.ts";
import golden from "./golden/guide.json" with { type: "json" };

const page = await Deno.readTextFile(`${checkout}/notebooks/guides/pytorch.md`);

/** Blocks of TypeScript by their headings; the first one is what all others start from, the last one stands alone. */
const blocks = page.split(/^## /m).flatMap((section) => {
  const [, code] = /^```ts\n([^]*?)^```$/m.exec(section) ?? [];
  return code === undefined ? [] : [{ heading: section.split("\n", 1)[0]!, code }];
});

/** Runs modules in the checkout, one after the other in one process, types checked, and gives what they print. */
async function run(...texts: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const files = texts.map((_, index) => `${folder}/${index}.ts`);
    for (const [index, file] of files.entries()) await Deno.writeTextFile(file, texts[index]!);
    const main = files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)};`);
    await Deno.writeTextFile(`${folder}/main.ts`, main.join("\n"));
    const flags = ["-A", "--check", "--quiet", "--no-lock", "--config", `${checkout}/deno.json`];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, `${folder}/main.ts`],
      cwd: checkout,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the blocks of pytorch.md give PyTorch's numbers, and its program trains", async () => {
  const [start, ...others] = blocks;
  const pairs = others.slice(0, -1);
  assertEquals(pairs.map(({ heading }) => heading), Object.keys(golden.results));
  const text = `${start!.code}
const results: Record<string, number[]> = {};
const note = async (heading: string, f: () => tf.Tensor): Promise<void> => {
  results[heading] = Array.from((await readAll([f()]))[0]!);
};
${
    pairs.map(({ heading, code }) =>
      `await note(${JSON.stringify(heading)}, () => {\n${code}\nreturn y;\n});`
    ).join("\n")
  }
console.log("results: " + JSON.stringify(results));`;
  const program = others.at(-1)!.code;
  const output = await run(text, program);
  const [, printed, trained = ""] = /results: (.*)\n([^]*)/.exec(output) ?? [];
  assert(trained.includes("kind"), output); // a row of the training
  const results: Record<string, number[]> = JSON.parse(printed!);
  for (const [heading, expected] of Object.entries(golden.results)) {
    assertClose(results[heading]!, expected, 3e-6, heading);
  }
});

Deno.test("the names of ours in pytorch.md are exported", async () => {
  const rows = page.split("\n").filter((line) =>
    line.startsWith("| ") && !line.startsWith("| ---")
  );
  const names = rows.slice(1).flatMap((row) => row.split(" | ")[1]!.match(/(?<=`)\w+(?=`)/g) ?? []);
  assert(names.length > 25, `${names}`);
  const { exports } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`));
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values<string>(exports)],
    cwd: checkout,
  }).output();
  assertEquals(code, 0);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: { name: string }[] }>;
  };
  const exported = new Set(
    Object.values(nodes).flatMap(({ symbols }) => symbols.map(({ name }) => name)),
  );
  assertEquals(names.filter((name) => !exported.has(name)), []);
});

const choice = await Deno.readTextFile(`${checkout}/notebooks/guides/which_norm.md`);

/** Links of a page whose words begin with a number. */
function numbersIn(text: string): { number: string; to: string }[] {
  const links = [...text.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)];
  return links.map(([, words, to]) => ({ number: words!.replaceAll(/\s+/g, " "), to: to! }))
    .filter(({ number }) => /^-?\d/.test(number));
}

Deno.test("numbers in which_norm.md are those of the claims and tables that they link to", async () => {
  const results = (await Deno.readTextFile(`${checkout}/data/RESULTS.md`)).split("\n");
  const numbers = numbersIn(choice);
  assert(numbers.length > 20, `${numbers.length}`);
  const wrong = numbers.filter(({ number, to }) => {
    const cell = /^\.\.\/(\w+\.ipynb#cell-id=\S+)$/.exec(to)?.[1];
    const rows = cell === undefined ? results : results.filter((row) => row.includes(`/${cell})`));
    return !rows.some((row) => row.includes(`| ${number} `));
  });
  assertEquals(wrong, []);
});

Deno.test("the table of published models in which_norm.md is what lib/families knows", () => {
  const rows = choice.split("## What published models chose")[1]!.split("\n")
    .filter((line) => /^\| .*`/.test(line)).map((line) =>
      line.split("|").map((cell) => cell.trim())
    );
  assertEquals(rows.length, 8);
  for (const [, place, norm, types] of rows) {
    for (const [, type] of types!.matchAll(/`([\w-]+)`/g)) {
      const { placement = "unknown", norm: own = "" } = typeFacts.get(type!) ?? {};
      assert(placement.startsWith(place!), `${type}: ${placement}, not ${place}`);
      assert(own.startsWith(norm!), `${type}: ${own}, not ${norm}`);
    }
  }
});
