// The proofs of notebooks/proofs, and what the task that checks them refuses. REQUIRE_COQ=1 turns a missing Coq into a failure.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";
import {
  allowedAxioms,
  checkAssumptions,
  checkList,
  compileOrder,
  coqVersion,
  findForbidden,
  ProofError,
  prove,
  theoremsOf,
  withoutComments,
} from "../lib/workshop/proofs.ts";

const folder = `${checkout}/notebooks/proofs`;
const hasCoq = await coqVersion() !== undefined;
const ignore = !hasCoq && Deno.env.get("REQUIRE_COQ") !== "1";
if (ignore) console.log("Coq is absent: its proofs are not checked");

const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const texts = new Map(
  files.filter((name) => name.endsWith(".v"))
    .map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`)]),
);

/** Proves files in a folder of their own. */
async function proveFiles(planted: Readonly<Record<string, string>>): Promise<string[]> {
  const temporary = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(planted)) {
      await Deno.writeTextFile(`${temporary}/${name}`, text);
    }
    return (await prove(temporary)).map(({ name }) => name);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

const small = "From Normkit Require A.\nPrint Assumptions A.small.\n";

Deno.test({
  name: "every theorem of notebooks/proofs is proved [coq]",
  ignore,
  fn: async () => {
    const proved = await prove(folder);
    const theorems = compileOrder(texts).flatMap((file) => theoremsOf(file, texts.get(file)!));
    assertEquals(proved.map(({ axioms: _, ...theorem }) => theorem), theorems);
    assert(theorems.length >= 33);
    const axioms = new Set(proved.flatMap((theorem) => theorem.axioms));
    assertEquals([...axioms].sort(), allowedAxioms);
    const after = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(after, files, "nothing may be left in the tree");
  },
});

Deno.test({
  name: "prove() accepts a proved theorem and refuses false, unfinished and classical ones [coq]",
  ignore,
  fn: async () => {
    const proofs = (theorem: string): Promise<string[]> =>
      proveFiles({ "A.v": theorem, "Assumptions.v": small });
    assertEquals(await proofs("Theorem small : 1 + 1 = 2.\nProof. reflexivity. Qed.\n"), ["small"]);
    const refused: readonly (readonly [text: string, part: string])[] = [
      [
        "Theorem small : 1 + 1 = 3.\nProof. reflexivity. Qed.\n",
        'Cannot compile A.v\nFile "./A.v"',
      ],
      ["Theorem small : 1 + 1 = 2.\nProof. idtac. Qed.\n", "incomplete proof"],
      ["Theorem small : 1 + 1 = 2.\nProof.\n", "pending proofs"],
      [
        "From Coq Require Import Classical.\nTheorem small (P : Prop) : P \\/ ~ P.\nProof. apply classic. Qed.\n",
        "A.small rests on Classical_Prop.classic, which is not allowed",
      ],
    ];
    for (const [text, part] of refused) await assertRejects(() => proofs(text), ProofError, part);
  },
});

Deno.test("prove() refuses a planted Admitted, Axiom and their like before anything compiles", async () => {
  const planted: readonly (readonly [text: string, sentence: string])[] = [
    ["Theorem small : 1 = 2.\nProof.\nAdmitted.\n", "A.v:3 contains Admitted"],
    ["Theorem small : 1 = 2.\nProof. admit. Qed.\n", "A.v:2 contains admit"],
    [
      "Axiom wish : 1 = 2.\nTheorem small : 1 = 2.\nProof. exact wish. Qed.\n",
      "A.v:1 contains Axiom",
    ],
    ["Parameter wish : 1 = 2.\n", "A.v:1 contains Parameter"],
    ["Theorem small : 1 = 2.\nProof. Abort.\n", "A.v:2 contains Abort"],
    ["Hypothesis wish : 1 = 2.\n", "A.v:1 contains Hypothesis"],
    ["Unset Guard Checking.\n", "A.v:1 contains Unset"],
    ["(* a comment (* in one *) *) Conjecture wish : 1 = 2.\n", "A.v:1 contains Conjecture"],
    ['(* "*)" *) Axioms wish : 1 = 2.\n', "A.v:1 contains Axioms"],
  ];
  for (const [text, sentence] of planted) {
    await assertRejects(
      () => proveFiles({ "A.v": text, "Assumptions.v": small }),
      ProofError,
      sentence,
    );
  }
});

Deno.test("prove() wants a file of assumptions with every theorem in it", async () => {
  const one = "Theorem small : 1 = 1.\nProof. reflexivity. Qed.\n";
  await assertRejects(() => proveFiles({ "A.v": one }), ProofError, "has no Assumptions.v");
  await assertRejects(
    () => proveFiles({ "A.v": `${one}${one.replace("small", "other")}`, "Assumptions.v": small }),
    ProofError,
    "Assumptions.v does not print those of A.other",
  );
});

Deno.test("findForbidden() passes over comments, strings and longer names", () => {
  const fine = `(* Admitted (* Axiom *) Parameter *) Definition admitted := "Axiom".
    Lemma Axiom_free : True. Definition Parameter' := 1.`;
  assertEquals(findForbidden("A.v", fine), []);
  assertEquals(findForbidden("A.v", `${fine}\nAxiom a : True.`), ["A.v:3 contains Axiom"]);
});

Deno.test("withoutComments() keeps lines and places", () => {
  const text = `a (* b
(* c *) "*)" (*) *)
*) d "e (*" f (*)`;
  assertEquals(
    withoutComments(text).replaceAll(" ", "-"),
    "a-----\n-------------------\n---d--------f----",
  );
});

Deno.test("theoremsOf() gives names and lines, without lemmas and comments", () => {
  const text =
    "Lemma a : True.\n(* Theorem b : True. *)\nTheorem c' : True.\n  Theorem d x : x = x.";
  assertEquals(theoremsOf("A.v", text), [
    { file: "A.v", name: "c'", line: 3 },
    { file: "A.v", name: "d", line: 4 },
  ]);
});

Deno.test("compileOrder() puts a file after those that it requires", () => {
  const requires = (...names: string[]): string =>
    `From Normkit Require Export ${names.join(" ")}.`;
  const tree = new Map([
    ["A.v", requires("C", "B")],
    ["Assumptions.v", "From Normkit Require A B C."],
    ["B.v", "From Coq Require Import Reals."],
    ["C.v", requires("B")],
  ]);
  assertEquals(compileOrder(tree), ["B.v", "C.v", "A.v", "Assumptions.v"]);
  const changed = (file: string, text: string): Map<string, string> =>
    new Map([...tree, [file, text]]);
  assertThrows(
    () => compileOrder(changed("B.v", requires("A"))),
    ProofError,
    "A.v requires C.v requires B.v requires A.v: that is a circle",
  );
  assertThrows(
    () => compileOrder(changed("B.v", requires("D"))),
    ProofError,
    "B.v requires D.v, which is missing",
  );
  assertThrows(
    () => compileOrder(changed("B.v", requires("Assumptions"))),
    ProofError,
    "circle",
  );
});

Deno.test("checkList() finds what is left out, foreign, twice or out of order", () => {
  const theorems = theoremsOf("A.v", "Theorem a : True. Theorem b : True.");
  const list = (...names: string[]): string =>
    `(* a list *) From Normkit Require A.\n${
      names.map((name) => `Print Assumptions ${name}.`).join("\n")
    }`;
  assertEquals(checkList(list("A.a", "A.b"), theorems), []);
  assertEquals(checkList(list("A.a"), theorems), ["Assumptions.v does not print those of A.b"]);
  assertEquals(checkList(list("A.b", "A.a"), theorems), [
    "Assumptions.v must follow the order of the files and of their theorems",
  ]);
  assertEquals(checkList(list("A.a", "A.b", "A.a"), theorems), ["Assumptions.v prints A.a twice"]);
  assertEquals(checkList(list("A.a", "A.b", "A.c"), theorems), [
    "Assumptions.v prints those of A.c, no theorem",
  ]);
  assertEquals(checkList(`${list("A.a", "A.b")}\nDefinition c := 1.`, theorems), [
    'Assumptions.v contains "Definition c := 1": it may only print assumptions',
  ]);
});

Deno.test("checkAssumptions() reads Coq's output and refuses every axiom that is not allowed", () => {
  const theorems = theoremsOf("A.v", "Theorem a : True. Theorem b : True.");
  const reals = `Axioms:
ClassicalDedekindReals.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}
ClassicalDedekindReals.sig_forall_dec
  : forall P : nat -> Prop,
    (forall n : nat, {P n} + {~ P n}) -> {n : nat | ~ P n} + {forall n : nat, P n}
`;
  const closed = "Closed under the global context\n";
  assertEquals(checkAssumptions(theorems, `${closed}${reals}`).map(({ axioms }) => axioms), [
    [],
    ["ClassicalDedekindReals.sig_not_dec", "ClassicalDedekindReals.sig_forall_dec"],
  ]);
  const refused: readonly (readonly [output: string, sentence: string])[] = [
    [reals, "Coq printed the assumptions of 1 theorems; there are 2"],
    [`${reals}wish : 1 = 2\n${closed}`, "A.a rests on wish, which is not allowed"],
    [`${closed}Axioms:\nA.loop is assumed to be guarded.\n`, "A.b rests on A.loop"],
    [`${closed}Axioms:\n  wish : 1 = 2\n`, "A.b rests on   wish : 1 = 2"],
    [`${closed}${closed}Section Variables:\nn : nat\n`, "A.b rests on Section"],
    [`Welcome\n${closed}${closed}`, "Cannot read Coq's output: Welcome"],
  ];
  for (const [output, sentence] of refused) {
    assertThrows(() => checkAssumptions(theorems, output), ProofError, sentence);
  }
});

Deno.test("every theorem has one line of comment above it and its row in the README", async () => {
  const readme = await Deno.readTextFile(`${folder}/README.md`);
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| `(\w+\.v)` +\|/gm)]
    .map(([, name, file]) => `${file} ${name}`);
  const order = compileOrder(texts);
  const theorems = order.flatMap((file) => theoremsOf(file, texts.get(file)!));
  assertEquals(rows, theorems.map(({ file, name }) => `${file} ${name}`));
  for (const { file, name, line } of theorems) {
    const above = texts.get(file)!.split("\n")[line - 2]!;
    assert(/^\(\* .*[.*] \*\)$/.test(above) && above.length <= 130, `${file} ${name}: ${above}`);
  }
});
