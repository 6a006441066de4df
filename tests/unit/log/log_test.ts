// Runs as CSV, Parquet and events: all runs of folders, done and under way, with every digit, and with what is no number.

import { BinaryReader } from "@bufbuild/protobuf/wire";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parquetReadObjects } from "hyparquet";
import { writeLog } from "../../../lib/log/mod.ts";
import { type Row, writeRun } from "../../../lib/train/mod.ts";
import { reportOf, runHere } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { tinyTraining, withText } from "../cli/tiny_runs.ts";
import { growingRun } from "../cli/growing_run.ts";

const rows: readonly Row[] = [
  { kind: "evaluation", step: 0, nats: 4.123456789012345 },
  { kind: "step", step: 1, loss: NaN, rate: 5e-324 },
  { kind: "step", step: 2, loss: Infinity, rate: -Infinity },
  { kind: "warning", step: 2, message: 'gate "x", with\na comma' },
];

const manifest = (peak: number) => ({
  variant: "pre-ln",
  settings: {
    ...{ schedule: { kind: "constant", peak }, seed: 0, steps: 2, rows: 1 },
    model: { context: 8, width: 8, depth: 1, heads: 1, bias: false },
  },
  started: "2026-11-30T12:00:00.000Z",
  wallSeconds: 30,
  stopped: { reason: "non-finite", step: 2, message: "The loss at step 2 is Infinity" },
} as const);

/** Two runs of two rates, in a folder and in one in it. */
async function writeRuns(folder: string): Promise<void> {
  for (const [at, name] of [[folder, "a"], [`${folder}/deeper`, "b"]] as const) {
    const record = { manifest: manifest(name === "a" ? 0.01 : 0.1), rows };
    await writeRun(at, record as unknown as Parameters<typeof writeRun>[1], name);
  }
}

/** An event as far as it is looked at here: its time, its step, the tags of its values, and whether it takes others back. */
interface Event {
  readonly time: number;
  readonly step: number;
  readonly tags: readonly string[];
  readonly restarts: boolean;
}

function tagsIn(summary: BinaryReader): string[] {
  const tags: string[] = [];
  while (summary.pos < summary.len) {
    summary.tag();
    const value = new BinaryReader(summary.bytes());
    value.tag(); // a value begins with its tag
    tags.push(value.string());
  }
  return tags;
}

function eventIn(bytes: Uint8Array): Event {
  const reader = new BinaryReader(bytes);
  let event: Event = { time: NaN, step: 0, tags: [], restarts: false };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) event = { ...event, time: reader.double() };
    else if (field === 2) event = { ...event, step: Number(reader.int64()) };
    else if (field === 5) event = { ...event, tags: tagsIn(new BinaryReader(reader.bytes())) };
    else {
      event = { ...event, restarts: event.restarts || field === 7 };
      reader.skip(type);
    }
  }
  return event;
}

/** The events in the file of a run. */
async function eventsIn(folder: string): Promise<Event[]> {
  const bytes = await Deno.readFile(`${folder}/events.out.tfevents.normkit`);
  const view = new DataView(bytes.buffer);
  const events: Event[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    events.push(eventIn(bytes.subarray(at + 12, at + 12 + length)));
    at += length + 16;
  }
  return events;
}

Deno.test("writeLog() as CSV has every digit, what is no number, and the settings in which runs differ", () =>
  inFolder(async (folder) => {
    await writeRuns(`${folder}/runs`);
    const out = `${folder}/out.csv`;
    const facts = await writeLog([`${folder}/runs`], { to: "csv", out });
    assertEquals(facts, [
      { name: "a", rows: 4, done: true },
      { name: "deeper/b", rows: 4, done: true },
    ]);
    const lines = (run: string, peak: number) =>
      [
        `${run},evaluation,0,${peak},4.123456789012345,,,`,
        `${run},step,1,${peak},,NaN,5e-324,`,
        `${run},step,2,${peak},,Infinity,-Infinity,`,
        `${run},warning,2,${peak},,,,"gate ""x"", with\na comma"`,
      ].join("\n");
    assertEquals(
      await Deno.readTextFile(out),
      `run,kind,step,settings.schedule.peak,nats,loss,rate,message\n${lines("a", 0.01)}\n${
        lines("deeper/b", 0.1)
      }\n`,
    );
    await assertRejects(
      () => writeLog([`${folder}/runs`], { to: "csv", out }),
      RangeError,
      "exist",
    );
    await writeLog([`${folder}/runs/a`], { to: "csv", out, force: true });
    assertStringIncludes(await Deno.readTextFile(out), "run,kind,step,nats,loss,rate,message\na,");
  }));

Deno.test("writeLog() as Parquet keeps every bit, and tells what is absent from what is no number", () =>
  inFolder(async (folder) => {
    await writeRuns(`${folder}/runs`);
    const out = `${folder}/out.parquet`;
    await writeLog([`${folder}/runs`], { to: "parquet", out });
    const file = (await Deno.readFile(out)).buffer;
    const found = await parquetReadObjects({ file });
    const shared = { nats: null, loss: null, rate: null, message: null };
    const wanted = [["a", 0.01], ["deeper/b", 0.1]].flatMap(([run, peak]) =>
      rows.map(({ step, ...row }) => ({
        ...{ run, step: BigInt(step), "settings.schedule.peak": peak },
        ...{ ...shared, ...row },
      }))
    );
    assertEquals(found as unknown, wanted);
  }));

Deno.test("writeLog() as events has a folder for each run, times between its start and its end, and why it stopped", () =>
  inFolder(async (folder) => {
    await writeRuns(`${folder}/runs`);
    const out = `${folder}/events`;
    const how = { to: "tensorboard", out } as const;
    await writeLog([`${folder}/runs`, `${folder}/runs/a.jsonl`], how);
    assertEquals(namesIn(out), ["a", "runs"]);
    assertEquals(namesIn(`${out}/runs`), ["a", "deeper"]);
    const start = Date.parse("2026-11-30T12:00:00Z") / 1000;
    const at = (after: number, step: number, ...tags: string[]) => ({
      ...{ time: start + after, step, tags, restarts: false },
    });
    assertEquals(await eventsIn(`${out}/a`), [
      at(0, 0),
      at(0, 0, "evaluation/nats"),
      at(10, 1, "step/loss", "step/rate"),
      at(20, 2, "step/loss", "step/rate"),
      at(30, 2, "warning/message"),
      at(0, 0, "_hparams_/session_start_info"),
      at(30, 0, "settings"),
      at(30, 2, "stopped"),
    ]);
    await Deno.remove(`${out}/a`, { recursive: true });
    await Deno.rename(`${out}/runs/deeper`, `${out}/deeper`);
    const refused = () => writeLog([`${folder}/runs`], how);
    await assertRejects(refused, RangeError, "exists already");
    assertEquals(namesIn(out), ["deeper", "runs"], "one is refused, and none is written");
    await writeLog([`${folder}/runs`], { ...how, force: true });
    assertEquals((await eventsIn(`${out}/a`)).length, 8);
  }));

Deno.test("writeLog() follows runs: events grow, are taken back where a run went back, and end with it", () =>
  inFolder(async (folder) => {
    const { states, row, write } = await growingRun(folder);
    await write(row(1, 3) + row(2, 2) + row(3, 1));
    const out = `${folder}/events`;
    const log = writeLog([`${folder}/runs`], { to: "tensorboard", out, follow: true, pause: 1 });
    const tagsWhen = async (count: number): Promise<Event[]> => {
      for (;;) {
        const events = await eventsIn(`${out}/own`).catch(() => []);
        if (events.length >= count) return events;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    assertEquals((await tagsWhen(4)).map(({ step }) => step), [0, 1, 2, 3]);
    await write(row(1, 3) + row(2, 5) + row(3, 4) + row(4, 3)); // another row of step 2
    const events = await tagsWhen(8);
    assertEquals(events.slice(4).map(({ step, restarts }) => [step, restarts]), [
      ...[[2, true], [2, false], [3, false], [4, false]],
    ]);
    const own = { manifest: manifest(1), rows: await jsonLines(`${states}/rows.jsonl`) };
    await writeRun(`${folder}/runs`, own as unknown as Parameters<typeof writeRun>[1], "own");
    await Deno.remove(`${folder}/runs/unfinished`, { recursive: true });
    assertEquals(await log, [{ name: "own", rows: 4, done: true }]);
    const tags = (await eventsIn(`${out}/own`)).flatMap((event) => event.tags);
    assertEquals(tags.slice(-3), ["_hparams_/session_start_info", "settings", "stopped"]);
  }));

const jsonLines = async (path: string): Promise<Row[]> =>
  (await Deno.readTextFile(path)).trim().split("\n").map((line) => JSON.parse(line));

Deno.test("an event file that cannot be written leaves what was there", () =>
  inFolder(async (folder) => {
    await writeRuns(`${folder}/runs`);
    await Deno.mkdir(`${folder}/a`);
    await Deno.mkdir(`${folder}/a/events.out.tfevents.normkit`); // a folder is in its place
    const how = { to: "tensorboard", out: folder, force: true } as const;
    await Deno.writeTextFile(`${folder}/a/events.out.tfevents.normkit/x`, "");
    await assertRejects(() => writeLog([`${folder}/runs/a`], how));
    assertEquals(namesIn(`${folder}/a`), ["events.out.tfevents.normkit"]);
  }));

Deno.test("normkit log writes runs of a training, and refuses words that it does not understand", () =>
  withText(async (folder) => {
    assertEquals((await reportOf(...tinyTraining(folder)))["out"], `${folder}/runs`);
    const report = await reportOf("log", `${folder}/runs`, "--to", "csv", "--out", `${folder}/x`);
    const [{ name, rows, done }] = report["runs"] as [Record<string, unknown>];
    assertEquals([name, done], ["pre-ln", true]);
    const lines = (await Deno.readTextFile(`${folder}/x`)).trim().split("\n");
    assertEquals(lines.length, 1 + Number(rows));
    assert(lines[0]!.startsWith("run,kind,step,"), lines[0]);
    for (
      const [words, code, message] of [
        [[], 2, "name one"],
        [["x"], 2, "--to and --out"],
        [["x", "--to", "wandb", "--out", "y"], 2, "csv"],
        [["x", "--to", "csv", "--out", "y", "--follow"], 2, "--follow"],
        [[`${folder}/none`, "--to", "csv", "--out", `${folder}/y`], 3, "no such run"],
        [[`${folder}/runs`, "--to", "csv", "--out", `${folder}/x`], 3, "exists already"],
      ] as const
    ) {
      const found = await runHere("log", ...words);
      assertEquals(found.code, code, found.err);
      assertStringIncludes(found.err, message);
    }
  }));
