// Results as Markdown: the figures of the plan with what was reached, then a table for each suite and platform, contestants as
// columns. Newer lines of the same measurement replace older ones.

import type {
  AbsentLine,
  AmountLine,
  Facts,
  Line,
  MachineLine,
  TargetLine,
  TimeLine,
} from "./record/lines.ts";

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The lines of one kind, the newest of each measurement. */
function newest<L extends Line>(lines: readonly Line[], kind: L["kind"]): L[] {
  const found = new Map<string, L>();
  for (const line of lines.filter((line): line is L => line.kind === kind)) {
    const { suite, platform, facts, task, contestant, figure, quantity } = line as Partial<
      TimeLine & TargetLine & AmountLine
    >;
    const key = JSON.stringify([suite, platform, facts, task, contestant, figure, quantity]);
    found.delete(key);
    found.set(key, line);
  }
  return [...found.values()];
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...groups.get(key(item)) ?? [], item]);
  return groups;
}

/** What a group is about, as short as each suite allows. */
function label(suite: string, facts: Facts): string {
  const { norm, parameters, rows, width, depth, tokens, batch, m, k, n, A, B, along } = facts;
  if (suite === "norms") return `${norm} (${parameters}), ${rows}×${width}`;
  if (suite === "products") {
    const [left, right] = [A === "" ? "A" : "Aᵀ", B === "" ? "B" : "Bᵀ"];
    return `${batch === 1 ? "" : `${batch} × `}${m}×${k}×${n}, ${left}${right}`;
  }
  const size = `d ${width}, L ${depth}, ${rows}×${tokens} tokens`;
  return along === undefined ? size : `${along}: ${size}`;
}

const short = (value: number): string =>
  value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

/** A cell: the quantity that the suite is about, with its times in milliseconds. */
function cell(line: TimeLine | undefined): string {
  if (line === undefined) return "";
  const { median, gflops, tokensPerSecond, ratios } = line;
  if (gflops !== undefined) return `${short(gflops)} GFLOP/s`;
  const ms = `${short(median)} ms`;
  if (tokensPerSecond !== undefined) return `${ms} (${tokensPerSecond} tokens/s)`;
  const copies = ratios["copy"];
  return copies === undefined ? ms : `${ms} (${short(copies.median)}×)`;
}

/** Why some cells are empty, each reason once. */
function absences(lines: readonly AbsentLine[]): string {
  const reasons = grouped(lines, ({ contestant, why }) => `${contestant}: ${why}`);
  return [...reasons].map(([reason, { length }]) =>
    `- ${reason}${length === 1 ? "" : ` (${length} times)`}`
  ).join("\n");
}

function suiteTable(times: readonly TimeLine[]): string {
  const { suite } = times[0]!;
  const contestants = [...new Set(times.map(({ contestant }) => contestant))];
  const rows = grouped(times, ({ facts, task }) => `${label(suite, facts)}, ${task}`);
  return markdown(
    ["", ...contestants],
    [...rows].map(([name, lines]) => [
      name,
      ...contestants.map((wanted) => cell(lines.find(({ contestant }) => contestant === wanted))),
    ]),
  );
}

/** One row for each figure on a platform: its medians over the sizes, and at how many of them it was reached. */
function targetTable(targets: readonly TargetLine[]): string {
  const figures = grouped(targets, ({ figure, platform }) => `${figure} on ${platform}`);
  return markdown(
    ["Figure", "On", "Target", "Measured", "Reached"],
    [...figures.values()].map((lines) => {
      const { figure, platform, target } = lines[0]!;
      const medians = lines.map(({ median }) => median);
      const [low, high] = [Math.min(...medians), Math.max(...medians)].map(short);
      const reached = lines.filter((line) => line.reached).length;
      const measured = low === high ? low! : `${low} to ${high}`;
      return [figure, platform, target, measured, `${reached} of ${lines.length}`];
    }),
  );
}

function amountTable(amounts: readonly AmountLine[]): string {
  return markdown(
    ["", "On", "Quantity", "Value"],
    amounts.map(({ contestant, platform, quantity, value, unit }) => [
      contestant,
      platform,
      quantity,
      `${value} ${unit}`,
    ]),
  );
}

function machineText(machine: MachineLine): string {
  const { cpu, cores, memoryGiB, load, gpu, versions, commit, date } = machine;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(
    ", ",
  );
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, load ${load} before. GPU: ${gpu}. ${packages}. ` +
    `Commit ${commit}, ${date.slice(0, 10)}.`;
}

/**
 * The Markdown of results.
 *
 * @param lines The lines of one or more results files, older before newer.
 * @returns Tables.
 */
export function resultsMarkdown(lines: readonly Line[]): string {
  const machines = lines.filter((line) => line.kind === "machine").map(machineText);
  const targets = newest<TargetLine>(lines, "target");
  const amounts = newest<AmountLine>(lines, "amount");
  const place = ({ suite, platform }: TimeLine | AbsentLine): string => `${suite}, ${platform}`;
  const absent = grouped(newest<AbsentLine>(lines, "absent"), place);
  const suites = grouped(newest<TimeLine>(lines, "time"), place);
  return [
    [...new Set(machines)].join("\n\n"),
    ...(targets.length === 0 ? [] : ["## Figures of the plan", targetTable(targets)]),
    ...[...suites].flatMap(([name, times]) => [
      `## ${name}`,
      suiteTable(times),
      absences(absent.get(name) ?? []),
    ]),
    ...(amounts.length === 0 ? [] : ["## Memory", amountTable(amounts)]),
  ].filter((text) => text !== "").join("\n\n");
}

/**
 * Reads results files.
 *
 * @param paths The files, older before newer.
 * @returns Their lines.
 * @throws {RangeError} If a line is not JSON.
 */
export async function readLines(paths: readonly string[]): Promise<Line[]> {
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(path)));
  return texts.flatMap((text, file) =>
    text.split("\n").flatMap((line, at) => {
      if (line === "") return [];
      try {
        return [JSON.parse(line) as Line];
      } catch {
        throw new RangeError(`Cannot read ${paths[file]}, line ${at + 1}: it must be JSON`);
      }
    })
  );
}
