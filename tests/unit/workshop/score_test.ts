// The score that JSR gives: the whole of this package's, and each rule broken in a copy of a small one.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { published, type Rule, scoreOf, settingsFile } from "../../../lib/workshop/jsr.ts";

/** A package of two entry points that has all points. */
const small: Readonly<Record<string, string>> = {
  "deno.json": JSON.stringify({
    name: "@small/small",
    version: "1.0.0",
    license: "MIT",
    exports: { ".": "./mod.ts", "./more": "./more.ts" },
    publish: { exclude: [".github"] },
  }),
  "README.md": "# Small\n\n```ts\none();\n```\n",
  "LICENSE": "MIT",
  "mod.ts":
    `/** The first.\n * @module */\n/** One. */\nexport function one(): number {\n  return 1;\n}\n`,
  "more.ts": `/** The second.\n * @module */\n/** Four. */\nexport interface Four {}\n` +
    `/** Two. */\nexport const two: number = 2;\n/** Three. */\nexport const three: number = 3;\n`,
  [settingsFile]: JSON.stringify({
    description: "A small package",
    runtimeCompat: { deno: true, browser: true },
  }),
};

type Files = Readonly<Record<string, string | undefined>>;

/** The points of each rule for a package with other files than the small one; undefined leaves a file out. */
async function pointsWith(others: Files): Promise<Record<string, number>> {
  const root = await Deno.makeTempDir({ prefix: "normkit score #" });
  try {
    for (const [path, text] of Object.entries({ ...small, ...others })) {
      await Deno.mkdir(dirname(`${root}/${path}`), { recursive: true });
      if (text !== undefined) await Deno.writeTextFile(`${root}/${path}`, text);
    }
    const rules = await scoreOf(root);
    return Object.fromEntries(rules.map(({ name, points }) => [name, points]));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const all = {
  "README": 2,
  "example": 1,
  "module docs": 1,
  "documented symbols": 5,
  "no slow types": 5,
  "description": 1,
  "one runtime": 1,
  "two runtimes": 1,
  "provenance": 0,
};

const settings = (text: object): Files => ({ [settingsFile]: JSON.stringify(text) });
const replaced = (path: string, from: string, to: string): Files => {
  assertStringIncludes(small[path]!, from);
  return { [path]: small[path]!.replace(from, to) };
};
const noModuleDoc = replaced("mod.ts", "/** The first.\n * @module */\n", "");

/** What is broken, and the points that differ then. */
const broken: readonly (readonly [what: string, others: Files, points: Partial<typeof all>])[] = [
  ["nothing", {}, {}],
  ["no README", { "README.md": undefined }, { example: 0 }], // the module's documentation stands for it
  ["no README and no module docs", { "README.md": undefined, ...noModuleDoc }, {
    "README": 0,
    "example": 0,
    "module docs": 0,
  }],
  ["a README that is not published", {
    ...replaced("deno.json", `".github"`, `".github","README.md"`),
    ...noModuleDoc,
  }, { "README": 0, "example": 0, "module docs": 0 }],
  ["a README without code", { "README.md": "# Small\n" }, { example: 0 }],
  ["a README with indented code", { "README.md": "# Small\n\n    one();\n" }, {}],
  ["an example in the module's documentation alone", {
    "README.md": "# Small\n",
    ...replaced(
      "mod.ts",
      "/** The first.\n * @module */",
      "/**\n * @example\n * one();\n * @module\n */",
    ),
  }, {}],
  ["no module docs beside a README, of the first entry point", noModuleDoc, {}],
  [
    "no module docs of another entry point",
    replaced("more.ts", "/** The second.\n * @module */\n", ""),
    {
      "module docs": 0,
    },
  ],
  ["one symbol in four without a comment", replaced("more.ts", "/** Two. */\n", ""), {
    "documented symbols": 4, // ⌊0.75 / 0.8 · 5⌋
  }],
  [
    "a name of another entry point, without a comment",
    replaced(
      "more.ts",
      "/** Two. */",
      `export { one } from "./mod.ts";\n/** Two. */`,
    ),
    {},
  ], // 4 of 5 are 80 %
  [
    "two of them",
    replaced(
      "more.ts",
      "/** Two. */",
      `export { one, one as again } from "./mod.ts";\n/** Two. */`,
    ),
    { "documented symbols": 4 },
  ],
  [
    "names of another entry point with comments",
    replaced(
      "more.ts",
      "/** Two. */",
      `export {\n  /** One. */\n  one,\n  /** One. */\n  one as again,\n} from "./mod.ts";\n/** Two. */`,
    ),
    {},
  ],
  [
    "overloads, whose implementation has no comment",
    replaced(
      "more.ts",
      "/** Two. */",
      `/** A. */\nexport function a(x: string): void;\n/** A. */\nexport function a(x: number): void;\n` +
        `export function a(_x: unknown): void {}\n/** Two. */`,
    ),
    {},
  ],
  ["a slow type", replaced("mod.ts", "one(): number", "one()"), { "no slow types": 0 }],
  ["no settings", { [settingsFile]: undefined }, {
    "description": 0,
    "one runtime": 0,
    "two runtimes": 0,
  }],
  ["no description", settings({ runtimeCompat: { deno: true, node: true } }), { description: 0 }],
  [
    "an empty description",
    settings({ description: "", runtimeCompat: { deno: true, bun: true } }),
    {
      description: 0,
    },
  ],
  ["one runtime", settings({ description: "A", runtimeCompat: { deno: true, node: false } }), {
    "two runtimes": 0,
  }],
];

for (const [what, others, points] of broken) {
  Deno.test(`scoreOf() of a package with ${what}`, async () => {
    assertEquals(await pointsWith(others), { ...all, ...points });
  });
}

Deno.test("this package has every point that it can have before it is published", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "lib/workshop/score.ts", "--json"],
    cwd: checkout,
  }).output();
  const { points, most, rules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    points: number;
    most: number;
    rules: Rule[];
  };
  assertEquals(rules.filter(({ points, most }) => points < most).map(({ name }) => name), [
    "provenance",
  ]);
  assertEquals([success, points, most], [true, 17, 18]);
});

Deno.test("deno task score fails below that, and says which points lack", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (const path of (await published(checkout)).files) {
      await Deno.mkdir(dirname(`${root}/${path}`), { recursive: true });
      await Deno.copyFile(`${checkout}/${path}`, `${root}/${path}`);
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "lib/workshop/score.ts", "--package", root],
      cwd: checkout,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertStringIncludes(text, `description        0 of 1  none in ${settingsFile}`);
    assertEquals([code, text.trimEnd().split("\n").at(-1)], [1, "14 of 18 points"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("the description on JSR is README.md's first sentence", async () => {
  const readme = (await Deno.readTextFile(`${checkout}/README.md`)).replaceAll(/\s+/g, " ");
  const text = await Deno.readTextFile(`${checkout}/${settingsFile}`);
  const { description } = JSON.parse(text) as { description: string };
  assertStringIncludes(readme, `**${description}.**`);
});
