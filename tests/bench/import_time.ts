// Cold imports: from nothing to the first norm read back on WASM, against tfjs's own load, in fresh processes that take turns.
//
//     deno run -A tests/bench/import_time.ts 15

import { names } from "./import_process.ts";

const child = `${import.meta.dirname}/import_process.ts`;

/** How long it took and how long processors worked for it, in milliseconds. */
async function timesOf(name: string): Promise<[wall: number, work: number]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", child, name],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const rounds: (readonly [wall: number, work: number])[][] = [];
for (let round = Number(Deno.args[0] ?? 15); round > 0; round--) {
  const times: [number, number][] = [];
  for (const name of names) times.push(await timesOf(name));
  rounds.push(times);
}
for (const [at, name] of names.entries()) {
  const [wall, work] = ([0, 1] as const).map((kind) => {
    const own = median(rounds.map((times) => times[at]![kind]));
    const more = median(rounds.map((times) => times[at]![kind] - times[0]![kind]));
    return `${own.toFixed(0)} ms (${more.toFixed(0)} ms beyond tfjs's load)`;
  });
  console.log(`${name}: ${wall}, of which processors worked ${work}`);
}
