// Models of many families, made by transformers when this runs. tests/golden/families.json says of each whether it is right, mended by a
// rule or refused, and what it can be converted to. What is run gives the outputs of transformers; what is converted passes its
// certificate, gives them too, and loads in transformers where that has words for its norms.

import { assert, assertEquals } from "@std/assert";
import { openCheckpoint } from "../../lib/checkpoint/reader.ts";
import { type Target, targets } from "../../lib/convert/convert.ts";
import { inspect } from "../../lib/convert/inspect.ts";
import { type OpenModel, openModel } from "../../lib/families/open.ts";
import { float64 } from "../../lib/interpret/float64.ts";
import families from "../golden/families.json" with { type: "json" };
import { assertClose } from "../support/close.ts";
import { reportOf } from "../support/cli.ts";
import { type Golden, goldenIn, outputsOf, valuesIn } from "../support/golden_models.ts";
import { inFolder, namesIn } from "../unit/checkpoint/files.ts";
import { assertSame, checkPairs, makeFamilies, type Pair } from "./python.ts";

/** What is held of a folder. */
interface Row {
  readonly is: "right" | "mended" | "refused";
  /** What was mended, or why it is refused. */
  readonly why?: string;
  /** What it is converted to. */
  readonly becomes?: string;
  /** What it is not converted to, by the reason. */
  readonly refuses?: Readonly<Record<string, string>>;
}

/** Rounding to float32, of Marian's positions and of converted matrices. */
const limits = { asItIs: 1e-7, converted: 1e-5 };

/** What the certificate, without which nothing is converted, is made with. */
const certificate = ["--backend", "cpu", "--sequences", "1"];

/** The inputs of a folder, and what transformers makes of them. */
async function goldenOf(folder: string): Promise<Golden> {
  using file = await openCheckpoint(`${folder}/outputs.safetensors`);
  return goldenIn(await valuesIn(file));
}

/** Requires that all outputs are those of transformers, which calls the final norm of every stack by one name. */
async function assertOutputs(model: OpenModel, source: string, limit: number): Promise<void> {
  const { inputs, expected } = await goldenOf(source);
  const outputs = Object.entries(await outputsOf(float64, model, inputs));
  assert(outputs.length > 0);
  for (const [name, { values }] of outputs) {
    const { values: right = [] } = expected[name] ?? expected["last_hidden_state"] ?? {};
    assertClose(values, right, limit, `${model.path}: ${name}`);
  }
}

/** Converts a folder, step by step; each result can be opened, and gives the outputs of the first. */
async function convertTo(source: string, ...steps: readonly Target[]): Promise<string> {
  const [from, made] = [steps.slice(0, -1), steps].map((done) => [source, ...done].join("-"));
  await reportOf("convert", from!, made!, "--to", steps.at(-1)!, ...certificate);
  using model = await openModel(made!);
  await assertOutputs(model, source, limits.converted);
  return made!;
}

/** Reasons of what a model cannot be converted to, with the targets of each. */
function refusalsOf(model: OpenModel): Record<string, string> {
  const reasons: Record<string, string> = {};
  for (const [to, { reason }] of Object.entries(inspect(model).targets)) {
    if (reason !== undefined) reasons[reason] = `${reasons[reason] ?? ""} ${to}`.trim();
  }
  return reasons;
}

/** Converts a folder to all that is possible, and from Pre-CRMSNorm back; the results are those that transformers can load. */
async function convertAll(source: string, possible: readonly Target[]): Promise<string[]> {
  const made: Partial<Record<Target, string>> = {};
  for (const to of possible) made[to] = await convertTo(source, to);
  if (made["pre-ln"] === undefined) return [];
  const back = made["pre-crmsnorm"] && await convertTo(source, "pre-crmsnorm", "pre-ln");
  return [made["pre-ln"], ...(back === undefined ? [] : [back])];
}

/** What a folder is. */
async function rowOf(folder: string): Promise<Row> {
  const opened = await openModel(folder).catch((error: Error) => error);
  if (opened instanceof Error) {
    return { is: "refused", why: opened.message.replace(/: known are .*/, "") };
  }
  using model = opened;
  await assertOutputs(model, folder, limits.asItIs);
  const refuses = refusalsOf(model);
  const becomes = targets.filter((to) => inspect(model).targets[to].possible).join(" ");
  return {
    ...(model.notes.length === 0 ? { is: "right" } : { is: "mended", why: model.notes.join("; ") }),
    ...(becomes === "" ? {} : { becomes }),
    ...(Object.keys(refuses).length === 0 ? {} : { refuses }),
  };
}

Deno.test("models of many families are what the table says", (t) =>
  inFolder(async (folder) => {
    await makeFamilies(folder);
    const rows = Object.entries(families as Readonly<Record<string, Row>>);
    assertEquals(namesIn(folder), rows.map(([name]) => name).sort());
    const pairs: Pair[] = [];
    for (const [name, row] of rows) {
      const source = `${folder}/${name}`;
      await t.step(name, async () => {
        assertEquals(await rowOf(source), row);
        const made = await convertAll(source, (row.becomes?.split(" ") ?? []) as Target[]);
        pairs.push(...made.map((made) => ({ source, made })));
      });
    }
    for (const report of await checkPairs(pairs)) {
      const name = report.made.slice(folder.length + 1);
      await t.step(`${name} loads in transformers`, () => assertSame(report));
    }
  }));
