// States that are damaged, foreign or newer: each is refused with an error of a class of its own, in one sentence, and stays as it is.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { canonicalJson } from "../../../lib/core/json.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { sha256Of } from "../../../lib/platform/hash.ts";
import { StateError, train, type TrainSettings } from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { inFolder } from "../checkpoint/files.ts";
import { manyRows, tiny } from "./tiny_run.ts";

const settings: TrainSettings = { ...tiny, steps: 6, evaluateEvery: 2 };

type Json = Record<string, unknown>;

/** Changes the files of a state: its own JSON, its tensors, its rows. */
type Damage = (files: Record<"json" | "tensors" | "rows", string>) => Promise<void>;

const bytesOf =
  (change: (bytes: Uint8Array) => Uint8Array) => async (path: string): Promise<void> =>
    await Deno.writeFile(path, change(await Deno.readFile(path)));

/** What may become of any file. */
const ofAnyFile: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "is empty": bytesOf(() => new Uint8Array()),
  "is cut in its middle": bytesOf((bytes) => bytes.subarray(0, bytes.length >> 1)),
  "lacks its last bytes": bytesOf((bytes) => bytes.subarray(0, -3)),
  "has another bit at its start": bytesOf((bytes) => bytes.with(0, bytes[0]! ^ 1)),
  "has another bit in its middle": bytesOf((bytes) =>
    bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1)
  ),
  "has a row of zeros in its middle": bytesOf((bytes) => bytes.slice().fill(0, bytes.length >> 1)),
  "is something else": bytesOf(() => new TextEncoder().encode("%PDF-1.7")),
  "is a folder": async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  },
};

/** What may become of the tensors and the rows, but not of the JSON, without which there is no state. */
const ofNamedFile: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "is missing": (path) => Deno.remove(path),
  "is a link into nowhere": async (path) => {
    await Deno.remove(path);
    await Deno.symlink(`${path}.nowhere`, path);
  },
};

/** Changes the JSON as one who knows its check would. */
const json = (change: (facts: Json) => unknown): Damage => async ({ json: path }) => {
  const { check: _, ...facts } = JSON.parse(await Deno.readTextFile(path)) as Json;
  const changed = change(facts) ?? facts;
  const check = sha256Of(canonicalJson(changed));
  await Deno.writeTextFile(path, JSON.stringify({ ...changed as object, check }));
};

const state = (change: Json): Damage =>
  json((facts) => ({ ...facts, state: { ...facts["state"] as Json, ...change } }));

const forged: Readonly<Record<string, Damage>> = {
  "is of a newer version": json((facts) => ({ ...facts, format: 2, normkit: "9.0.0" })),
  "is of a newer version of another form": async ({ json: path }) =>
    await Deno.writeTextFile(path, '{"format": 3, "normkit": "9.0.0", "shards": []}'),
  "is of another training": json((facts) => ({ ...facts, determines: "0".repeat(64) })),
  "lacks a key": json(({ tensors: _, ...facts }) => facts),
  "has an unknown key": json((facts) => ({ ...facts, more: 1 })),
  "has no numbers": json((facts) => ({ ...facts, state: [] })),
  "names other tensors": json((facts) => ({ ...facts, tensors: "0".repeat(64) })),
  "names other rows": json((facts) => ({ ...facts, rows: "0".repeat(64) })),
  "began at no time": json((facts) => ({ ...facts, started: "yesterday" })),
  "took less than no time": json((facts) => ({ ...facts, seconds: -1 })),
  "took a time that is no number": json((facts) => ({ ...facts, seconds: "NaN" })),
  "looked at a step to come": state({ looked: 5 }),
  "looked at no step": state({ looked: -2 }),
  "read the loss of a step to come": state({ measured: 6 }),
  "read the loss of half a step": state({ measured: 1.5 }),
  "has more rows than half": state({ rows: 3.5 }),
  "went back more often than it may": state({ returns: 4 }),
  "has a stream of fractions": state({ batches: { words: [0.5, 2, 3, 4] } }),
  "has a stream of zeros": state({ batches: { words: [0, 0, 0, 0] } }),
  "is of another step": state({ step: 2 }),
  "is of half a step": state({ step: 2.5 }),
  "has a text for a step": state({ step: "4" }),
  "has too many rows": state({ rows: 1000 }),
  "has too few rows": state({ rows: 1 }),
  "has fewer rows than none": state({ rows: -1 }),
  "has a stream of three words": state({ batches: { words: [1, 2, 3] } }),
  "has a stream without words": state({ batches: {} }),
  "has a stream of texts": state({ batches: { words: ["1", "2", "3", "4"] } }),
  "has a spare that is no number": state({ batches: { words: [1, 2, 3, 4], spare: "x" } }),
  "went back half a time": state({ returns: 0.5 }),
  "has losses that are none": state({ losses: ["x"] }),
  "has warnings that are none": state({ warned: [1] }),
  "is a list": ({ json: path }) => Deno.writeTextFile(path, "[]"),
  "is null": ({ json: path }) => Deno.writeTextFile(path, "null"),
  "is not JSON": ({ json: path }) => Deno.writeTextFile(path, "{"),
  "lies too deep": ({ json: path }) => Deno.writeTextFile(path, "[".repeat(200)),
  "has no check": async ({ json: path }) => {
    const { check: _, ...facts } = JSON.parse(await Deno.readTextFile(path)) as Json;
    await Deno.writeTextFile(path, JSON.stringify(facts));
  },
};

const named = (
  file: "json" | "tensors" | "rows",
  changes: Readonly<Record<string, (path: string) => Promise<void>>>,
): [string, Damage][] =>
  Object.entries(changes).map((
    [name, change],
  ) => [`${file} ${name}`, (files) => change(files[file])]);

const damages: readonly (readonly [string, Damage])[] = [
  ...(["json", "tensors", "rows"] as const).flatMap((file) => named(file, ofAnyFile)),
  ...(["tensors", "rows"] as const).flatMap((file) => named(file, ofNamedFile)),
  ...Object.entries(forged).map(([name, damage]) => [`json ${name}`, damage] as const),
];

/** What a folder holds: the content of each file, by its name. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (name === "lock") continue; // each process that has the folder writes its own mark
    contents[name] = isFile ? sha256Of(await Deno.readFile(`${folder}/${name}`)) : "";
  }
  return contents;
}

async function copyOf(folder: string, copy: string): Promise<void> {
  await Deno.mkdir(copy);
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.copyFile(`${folder}/${name}`, `${copy}/${name}`);
  }
}

Deno.test(`${damages.length} kinds of damaged states are refused, and nothing is changed`, () =>
  onBackend("wasm", () =>
    inFolder(async (top) => {
      const whole = `${top}/whole`;
      await assertRejects(
        () =>
          train(settings, manyRows, {
            state: { folder: whole, every: 2 },
            onRow: ({ step }) => {
              if (step === 5) throw new Error("It ends here");
            },
          }),
        Error,
        "It ends here",
      );
      assert(damages.length >= 50, `${damages.length} kinds`);
      for (const [at, [name, damage]] of damages.entries()) {
        const folder = `${top}/${at}`;
        await copyOf(whole, folder);
        await damage({
          json: `${folder}/step-4.json`,
          tensors: `${folder}/step-4.safetensors`,
          rows: `${folder}/rows.jsonl`,
        });
        const before = await contentsOf(folder);
        const error = await assertRejects(
          () => train(settings, manyRows, { state: { folder, every: 2 } }),
          StateError,
          `Cannot resume from ${folder}/step-4.json: `,
          name,
        );
        const isForeign = /^json is of (?:a newer version|another training)/.test(name);
        const help = isForeign
          ? "it goes on with what it began with"
          : "without this file it goes on from step 2";
        assert(error.message.endsWith(`; ${help}`), `${name}: ${error.message}`);
        assertEquals(error.message.includes("\n"), false, name);
        assertEquals(await contentsOf(folder), before, name);
      }
    })));

Deno.test("the older state is taken where the damaged one is removed", () =>
  onBackend("wasm", () =>
    inFolder(async (folder) => {
      const state = { folder, every: 2 };
      const { parameters, record: { rows } } = await train(settings, manyRows, { state });
      disposeTree(parameters);
      await Deno.writeTextFile(`${folder}/step-4.json`, "{");
      await Deno.remove(`${folder}/step-4.json`);
      const steps: number[] = [];
      const again = await train(settings, manyRows, {
        state,
        onRow: ({ step }) => void steps.push(step),
      });
      disposeTree(again.parameters);
      assertEquals([again.record.rows, steps[0]], [rows, 3]);
    })));
