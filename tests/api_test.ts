// The public API as a reader of the documentation meets it: few names at the top, and none that means two things.

import { assert, assertEquals } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";

const { exports } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
  exports: Readonly<Record<string, string>>;
};

/** A declaration as `deno doc` writes it; a reference says where the declaration is that another entry point exports too. */
interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string };
  readonly def?: { readonly target?: { readonly filename: string } };
}

/** An exported name with the files that declare it. */
interface Exported {
  readonly name: string;
  readonly files: readonly string[];
}

const fileOf = ({ kind, location, def }: Declaration): string =>
  kind === "reference" ? def!.target!.filename : location.filename;

/** Every exported name of the given entry points, types included. */
async function exportedNames(entries: readonly string[]): Promise<Exported[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...entries],
    cwd: checkout,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: { name: string; declarations: Declaration[] }[] }>;
  };
  return Object.values(nodes).flatMap(({ symbols }) =>
    symbols.map(({ name, declarations }) => ({ name, files: declarations.map(fileOf) }))
  );
}

/** Names that several files declare, each with those files. */
function ambiguous(names: readonly Exported[]): Readonly<Record<string, readonly string[]>> {
  const files = Map.groupBy(names, ({ name }) => name);
  const distinct = [...files].map(([name, of]) =>
    [name, [...new Set(of.flatMap((one) => one.files))]] as const
  );
  return Object.fromEntries(distinct.filter(([, of]) => of.length > 1));
}

Deno.test('the entry point "." has at most 60 values', async () => {
  const values = Object.keys(await import("@normkit/normkit"));
  assert(values.length > 30 && values.length <= 60, `${values.length}: ${values.join(", ")}`);
});

Deno.test("no exported name means two things, over all entry points", async () => {
  const names = await exportedNames(Object.values(exports));
  assert(names.length > 300, `deno doc lists ${names.length} names`);
  assertEquals(ambiguous(names), {});
});

Deno.test("ambiguous() finds a name that two files declare, and accepts one that two entry points export", () => {
  const [a, b, again] = ["a.ts", "b.ts", "a.ts"].map((file) => ({ name: "Row", files: [file] }));
  assertEquals(ambiguous([a!, b!]), { Row: ["a.ts", "b.ts"] });
  assertEquals(ambiguous([a!, again!]), {});
});

Deno.test("the task lint documents every entry point", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
    tasks: Record<string, { command: string }>;
  };
  const linted = tasks["lint"]!.command.split("doc --lint ")[1]!.split(" ").toSorted();
  assertEquals(linted, Object.values(exports).map((file) => file.slice(2)).toSorted());
});
