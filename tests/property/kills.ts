// Kills trainings at random moments until they have come to their end all the same, and compares what they leave with undisturbed ones:
// `deno run -A tests/property/kills.ts [KILLS [TERMS]]`.

import { assertEquals } from "@std/assert";
import { Random } from "../../lib/core/random.ts";
import { exists } from "../../lib/platform/files.ts";
import { sha256OfFile } from "../../lib/platform/hash.ts";
import { childOf } from "../support/cli.ts";
import { writeGpt2 } from "../unit/cli/tiny_runs.ts";
import { writeTaskData, writeTaskSource } from "../unit/cli/tiny_tunings.ts";

/** A training that is ended again and again. */
interface Training {
  /** What stands behind `normkit train`, but for where it goes. */
  readonly words: readonly string[];
  /** What its record is called in the folder that it writes. */
  readonly run: string;
}

/**
 * Trainings by name: with GPAS, dropout, accumulation and clipping, on both backends, for a text and for other tasks, from the start and of
 * models that are there.
 */
async function trainingsOn(
  backends: readonly string[],
  folder: string,
): Promise<Readonly<Record<string, Training>>> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/text.txt`, "Call me Ishmael. Some years ago. ".repeat(12));
  await writeTaskData(folder);
  const text = await writeGpt2(folder);
  const vit = await writeTaskSource(folder, "vit");
  const photos = `--task image-classification --set data.folder=${folder}/photos`;
  const made = backends.flatMap((backend) => {
    const isFast = backend === "wasm";
    const shared = `--backend ${backend} --clip 0.5 --rows 2 --dropout 0.1`;
    const own = `pre-ln+gpas ${shared} --clip-gates 0.01 --depth 2 --width 8 --heads 2`;
    const steps = `--steps ${isFast ? 120 : 24}`;
    const run = "pre-ln+gpas";
    return [
      ["a text", `${own} --context 8 ${steps} --evaluate-every 9`, run],
      ["a task", `${own} --task causal-lm --context 8 --set accumulate=3 ${steps}`, run],
      ["images", `${own} ${photos} --set model.patchSize=8 ${steps} --evaluate-every 7`, run],
      [
        "gpt2",
        `--from ${text} --text ${folder}/text.txt --context 8 ${shared} ${steps}`,
        "training",
      ],
      ["vit", `--from ${vit} ${photos} --set accumulate=2 ${shared} ${steps}`, "training"],
    ].map(([name, words, run]) =>
      [`${name}, ${backend}`, { words: words!.split(" "), run: run! }] as const
    );
  });
  return Object.fromEntries(made);
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a run leaves, but for times and the command. */
async function leftIn(folder: string, run: string): Promise<unknown> {
  const name = `${folder}/${run}`;
  const { started: _, wallSeconds: _wall, command: _command, ...manifest } = JSON.parse(
    await Deno.readTextFile(`${name}.json`),
  );
  const rows = await Deno.readTextFile(`${name}.jsonl`);
  const parameters = run === "training" ? await sha256OfFile(`${folder}/model.safetensors`) : "";
  return [manifest, rows, parameters]; // other runs have the hash of their parameters in the manifest
}

/** Whether a training is there that can be gone on with. */
async function isBegun(out: string): Promise<boolean> {
  for (const states of [`${out}/unfinished`, `${out}.unfinished`]) {
    if (await exists(`${states}/command.json`)) return true;
  }
  return false;
}

/** Runs a command to its end, or ends it by a signal after a while; the result is its exit code, undefined where it was killed. */
async function run(
  words: readonly string[],
  signal?: readonly [name: Deno.Signal, after: number],
): Promise<number | undefined> {
  const child = childOf({}, ...words, "--json").spawn();
  let isOver = false;
  const ended = child.output().finally(() => isOver = true);
  if (signal !== undefined) {
    await Promise.race([pause(signal[1]), ended]);
    if (!isOver) child.kill(signal[0]);
  }
  const { code, signal: by, stderr } = await ended;
  if (by === null && ![0, 143].includes(code)) throw new Error(new TextDecoder().decode(stderr));
  return by === null ? code : undefined;
}

/**
 * Ends trainings again and again.
 *
 * @param signal By what.
 * @param count How often in all.
 * @param folder A folder for them.
 * @param backends Where they are computed.
 */
export async function endOften(
  signal: "SIGKILL" | "SIGTERM",
  count: number,
  folder: string,
  backends: readonly string[] = ["wasm", "cpu"],
): Promise<void> {
  const random = new Random(1);
  const trainings = await trainingsOn(backends, folder);
  const whole = new Map<string, { readonly left: unknown; readonly time: number }>();
  let ended = 0;
  for (let round = 0; ended < count; round++) {
    for (const [name, { words, run: record }] of Object.entries(trainings)) {
      if (ended >= count) break;
      if (!whole.has(name)) {
        const begun = performance.now();
        await run(["train", ...words, "--out", `${folder}/${name}`]);
        whole.set(name, {
          left: await leftIn(`${folder}/${name}`, record),
          time: performance.now() - begun,
        });
      }
      const { left, time } = whole.get(name)!;
      const out = `${folder}/${name} ${round}`;
      const first = ["train", ...words, "--out", out, "--save-every", "5"];
      let code: number | undefined = -1;
      for (let tries = 0; code !== 0; tries++) {
        const isLast = ended >= count || tries > 8;
        const after = time * (0.2 + random.uniform());
        code = await run(
          await isBegun(out) ? ["train", "--resume", out] : first,
          isLast ? undefined : [signal, after],
        );
        ended += Number(code !== 0);
      }
      assertEquals(await leftIn(out, record), left, name);
      console.log(`${ended} of ${count} times ${signal}: ${name} is equal`);
    }
  }
}

if (import.meta.main) {
  const [kills = 100, terms = 20] = Deno.args.map(Number);
  const folder = await Deno.makeTempDir({ prefix: "normkit-" });
  try {
    await endOften("SIGTERM", terms, `${folder}/terms`);
    await endOften("SIGKILL", kills, `${folder}/kills`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
