// Executing notebooks with real kernels: nothing lost, nothing in the wrong cell, every failure told, no process left.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { executeNotebook, NotebookError } from "../../../../lib/workshop/jupyter/execute.ts";
import { code, notebook, outputsOf, prose } from "./notebooks.ts";

const keepOrder = code(
  'import { keepOutputsInOrder } from "@normkit/normkit/notebook";\nkeepOutputsInOrder();',
);

const printed = (name: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${name} ${i}\n`).join("");

const stress = ([["a", 2000], ["b", 2000], ["c", 50]] as const).map(([name, count]) => ({
  cell: code(
    `for (let i = 0; i < ${count}; i++) console.log("${name}", i);
await Deno.jupyter.display({ "text/plain": "shown ${name}" }, { raw: true });
"result ${name}"`,
  ),
  outputs: [
    `stdout ${printed(name, count)}`,
    `display_data shown ${name}`,
    `execute_result "result ${name}"`,
  ],
}));

/** A variable that marks this file's kernels: other files may run kernels of the same process. */
const mark = `NORMKIT_TEST=${crypto.randomUUID()}`;
const marked = Object.fromEntries([mark.split("=")]);

/** The kernels that this file has started and that still run. */
async function kernels(): Promise<string[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["axeww", "-o", "args="] }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.filter((line) => line.includes(mark));
}

/** Runs cells that must fail, and checks that no kernel stays. */
async function failureOf(
  cells: Parameters<typeof notebook>,
  options: { cellTimeoutSeconds?: number } = {},
): Promise<NotebookError> {
  const error = await assertRejects(
    () => executeNotebook(notebook(...cells), { cwd: checkout, env: marked, ...options }),
    NotebookError,
  );
  assertEquals(await kernels(), []);
  return error;
}

for (const first of [[], [keepOrder]]) {
  const how = first.length === 0 ? "without" : "with";
  Deno.test(`executeNotebook() keeps 4050 lines, displays and results in their cells ${how} keepOutputsInOrder()`, async () => {
    const given = notebook(...first, ...stress.map(({ cell }) => cell));
    const executed = await executeNotebook(given, { cwd: checkout });
    const outputs = executed.cells.slice(first.length).map(outputsOf);
    assertEquals(outputs, stress.map(({ outputs }) => outputs));
  });
}

Deno.test("executeNotebook() leaves the given notebook and prose as they are and counts code cells", async () => {
  const given = notebook(prose("# Title"), code("1 + 1"), code("// nothing to show"), code("3"));
  const before = structuredClone(given);
  const seen: string[] = [];
  const executed = await executeNotebook(given, {
    cwd: checkout,
    onCell: (position, total) => seen.push(`${position}/${total}`),
  });
  assertEquals(given, before);
  assertEquals(executed.cells.map(outputsOf), [[], ["execute_result 2"], [], ["execute_result 3"]]);
  assertEquals(executed.cells.map((cell) => cell.execution_count), [undefined, 1, 2, 3]);
  assertEquals(seen, ["1/3", "2/3", "3/3"]);
});

Deno.test("executeNotebook() applies updates and clears as frontends do", async () => {
  const show = (text: string, options: string): string =>
    `await Deno.jupyter.display({ "text/plain": "${text}" }, { raw: true, ${options} });`;
  const executed = await executeNotebook(
    notebook(
      code(show("first frame", 'display_id: "chart"')),
      code(
        `${show("last frame", 'display_id: "chart", update: true')}
console.log("gone");
Deno.jupyter.broadcast("clear_output", { wait: true });
console.log("kept");`,
      ),
    ),
    { cwd: checkout },
  );
  assertEquals(executed.cells.map(outputsOf), [["display_data last frame"], ["stdout kept\n"]]);
});

Deno.test("executeNotebook() sets variables, the folder and NO_COLOR", async () => {
  const executed = await executeNotebook(
    notebook(code('console.log(Deno.env.get("SENTINEL"), Deno.cwd(), Deno.noColor);')),
    { cwd: checkout, env: { SENTINEL: "seen" } },
  );
  assertEquals(outputsOf(executed.cells[0]), [`stdout seen ${checkout} true\n`]);
});

Deno.test("executeNotebook() skips cells tagged skip-execution and forgives raises-exception", async () => {
  const executed = await executeNotebook(
    notebook(
      code('throw new Error("skipped")', "skip-execution"),
      code('throw new Error("expected")', "raises-exception"),
      code('"after"'),
    ),
    { cwd: checkout },
  );
  assertEquals(executed.cells.map(outputsOf), [
    [],
    ["error Error: expected"],
    ['execute_result "after"'],
  ]);
});

Deno.test("executeNotebook() names the cell that throws and keeps what was executed", async () => {
  const error = await failureOf([
    code('console.log("before")'),
    code('console.log("printed");\nthrow new RangeError("boom");'),
    code('"never"'),
  ]);
  assertEquals(error.cell, 2);
  assertStringIncludes(error.message, "RangeError: boom");
  assertEquals(error.notebook.cells.map(outputsOf), [
    ["stdout before\n"],
    ["stdout printed\n", "error RangeError: boom"],
    [],
  ]);
});

Deno.test("executeNotebook() reports syntax errors, which give no output", async () => {
  const error = await failureOf([code("1"), code("const x: number = ")]);
  assertEquals(error.cell, 2);
  assertStringIncludes(error.message, "syntax error");
});

Deno.test("executeNotebook() reports imports that do not resolve", async () => {
  const error = await failureOf([code('import { a } from "./no_such_module.ts";\na;')]);
  assertEquals(error.cell, 1);
  assertStringIncludes(error.message, "no_such_module.ts");
});

Deno.test("executeNotebook() with keepOutputsInOrder() reports unhandled rejections", async () => {
  const error = await failureOf([keepOrder, code('void Promise.reject(new Error("late"));\n1')]);
  assertEquals(error.cell, 2);
  assertStringIncludes(error.message, "Error: late");
});

Deno.test("executeNotebook() with keepOutputsInOrder() reports errors thrown in timers", async () => {
  const error = await failureOf([
    keepOrder,
    code(
      'setTimeout(() => { throw new Error("tick"); });\nawait new Promise((done) => setTimeout(done, 50));',
    ),
  ]);
  assertEquals(error.cell, 2);
  assertStringIncludes(error.message, "Error: tick");
});

for (const loop of ["while (true) {}", "await new Promise(() => setInterval(() => {}, 1000));"]) {
  Deno.test(`executeNotebook() ends ${loop} at the time limit`, async () => {
    const error = await failureOf([code('"done"'), code(loop)], { cellTimeoutSeconds: 1 });
    assertEquals(error.cell, 2);
    assertStringIncludes(error.message, "1 s");
    assertEquals(outputsOf(error.notebook.cells[0]), ['execute_result "done"']);
  });
}

Deno.test("executeNotebook() reports a kernel that exits", async () => {
  const error = await failureOf([code("Deno.exit(3)")]);
  assertStringIncludes(error.message, "exit code 3");
});

Deno.test("executeNotebook() stops at the signal, before the start and in a cell", async () => {
  const abort = new AbortController();
  let started: Promise<string[]> = Promise.resolve([]);
  const run = executeNotebook(notebook(code("while (true) {}")), {
    cwd: checkout,
    env: marked,
    signal: abort.signal,
    onCell: () => started = kernels().finally(() => abort.abort()),
  });
  assertEquals((await assertRejects(() => run, DOMException)).name, "AbortError");
  assertEquals((await started).length, 1, "the mark finds a kernel that runs");
  const again = executeNotebook(notebook(code("1")), { cwd: checkout, signal: abort.signal });
  assertEquals((await assertRejects(() => again, DOMException)).name, "AbortError");
  assertEquals(await kernels(), []);
});

Deno.test("executeNotebook() gives the same outputs twice", async () => {
  const given = notebook(code("console.log([1, 2, 3]);\nnew Map([[1, { a: 2 }]])"));
  const [one, two] = [
    await executeNotebook(given, { cwd: checkout }),
    await executeNotebook(given, { cwd: checkout }),
  ];
  assertEquals(one, two);
  assert(outputsOf(one.cells[0]).length === 2);
});

Deno.test("executeNotebook() puts a cell's error after all that the cell printed before it", async () => {
  const error = await failureOf([
    code('for (let i = 0; i < 500; i++) console.log(i);\nthrow new Error("late");'),
  ]);
  const [printed, failure, ...more] = outputsOf(error.notebook.cells[0]);
  assertEquals([printed!.split("\n").length, failure, more], [501, "error Error: late", []]);
});
