// Kills trainings at random moments until they have come to their end all the same, and compares what they leave with undisturbed ones:
// `deno run -A tests/property/kills.ts [KILLS [TERMS]]`.

import { assertEquals } from "@std/assert";
import { Random } from "../../lib/core/random.ts";
import { childOf } from "../support/cli.ts";

/** Trainings by name: with GPAS, dropout, accumulation and clipping, on both backends, for a text and for another task. */
const trainingsOn = (backends: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(backends.flatMap((backend) => {
    const shared = `--backend ${backend} --clip 0.5 --clip-gates 0.01 --dropout 0.1 --rows 2`;
    const small = "--depth 2 --width 8 --heads 2";
    const steps = backend === "wasm" ? 120 : 24;
    return [
      [
        `a text, ${backend}`,
        `pre-ln+gpas ${shared} ${small} --context 8 --steps ${steps} --evaluate-every 9`,
      ],
      [
        `a task with accumulation, ${backend}`,
        `pre-ln+gpas ${shared} ${small} --task causal-lm --context 8 --set accumulate=3 --steps ${steps}`,
      ],
    ];
  }));

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a run leaves, but for times and the command. */
async function leftIn(folder: string): Promise<unknown> {
  const name = `${folder}/pre-ln+gpas`;
  const { started: _, wallSeconds: _wall, command: _command, ...manifest } = JSON.parse(
    await Deno.readTextFile(`${name}.json`),
  );
  return [manifest, await Deno.readTextFile(`${name}.jsonl`)]; // parameters are in the manifest, by their hash
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
  const whole = new Map<string, { readonly left: unknown; readonly time: number }>();
  let ended = 0;
  for (let round = 0; ended < count; round++) {
    for (const [name, text] of Object.entries(trainingsOn(backends))) {
      if (ended >= count) break;
      const words = text.split(" ");
      if (!whole.has(name)) {
        const begun = performance.now();
        await run(["train", ...words, "--out", `${folder}/${name}`]);
        whole.set(name, {
          left: await leftIn(`${folder}/${name}`),
          time: performance.now() - begun,
        });
      }
      const { left, time } = whole.get(name)!;
      const out = `${folder}/${name} ${round}`;
      const first = ["train", ...words, "--out", out, "--save-every", "5"];
      let code: number | undefined = -1;
      for (let tries = 0; code !== 0; tries++) {
        const isThere = await Deno.stat(`${out}/unfinished/command.json`).then(
          () => true,
          () => false,
        );
        const isLast = ended >= count || tries > 8;
        const after = time * (0.2 + random.uniform());
        code = await run(
          isThere ? ["train", "--resume", out] : first,
          isLast ? undefined : [signal, after],
        );
        ended += Number(code !== 0);
      }
      assertEquals(await leftIn(out), left, name);
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
