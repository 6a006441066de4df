/**
 * Where the parts of a wiring stand: streams run from left to right, the branch in a lane of its own beside the first of them.
 */
import { greatest, least } from "../core/extent.ts";
import type { Part, WiringForm } from "./wiring_graph.ts";

/** A part with its place. */
export interface Placed {
  readonly part: Part;
  /** From the left, in steps. */
  readonly column: number;
  /** From the top, in lanes. */
  readonly lane: number;
}

/** The lane of the branch; the first stream is below it, further ones are above it. */
const branchLane = -1;

const laneOfStream = (stream: number): number => stream === 0 ? 0 : branchLane - stream;

/** Who reads each part. */
function readersOf(parts: readonly Part[]): (part: Part) => readonly Part[] {
  const readers = new Map<Part, Part[]>(parts.map((part) => [part, []]));
  for (const part of parts) for (const read of part.reads) readers.get(read)!.push(part);
  return (part) => readers.get(part)!;
}

/** The lane of each part. */
function lanesOf(parts: readonly Part[]): Map<Part, number> {
  const readers = readersOf(parts);
  const lanes = new Map<Part, number>();
  const leads = (part: Part): boolean =>
    part.kind === "branch" ||
    (part.kind !== "stream" && readers(part).length > 0 && readers(part).every(leads));
  for (const part of parts) {
    const read = part.reads.map((one) => lanes.get(one)!);
    const streams = read.filter((lane) => lane !== branchLane);
    const lane = part.kind === "end" || part.stream !== undefined
      ? laneOfStream(part.stream ?? 0)
      : leads(part)
      ? branchLane
      : streams[0] ?? read[0] ?? 0;
    lanes.set(part, lane);
  }
  return lanes;
}

/**
 * The column of each part: behind all that it reads, and sums that the branch joins behind the whole branch, so that no line crosses
 * a box. Streams enter the sub-layer together, and leave it together.
 */
function columnsOf(
  { parts, ports }: WiringForm,
  lanes: ReadonlyMap<Part, number>,
): Map<Part, number> {
  const onBranch = (part: Part): boolean => lanes.get(part) === branchLane;
  const joins = (part: Part): boolean =>
    part.kind === "sum" && !onBranch(part) && part.reads.some(onBranch);
  const columns = new Map<Part, number>(parts.map((part) => [part, 0]));
  const together = [ports.before, ports.after];
  for (let moved = true; moved;) {
    moved = false;
    for (const part of parts) {
      const group = together.find((some) => some.includes(part)) ?? [part];
      const before = [
        ...group.flatMap(({ reads }) => reads),
        ...(joins(part) ? parts.filter(onBranch) : []),
      ];
      const column = 1 + greatest([-1, ...before.map((one) => columns.get(one)!)]);
      moved ||= column !== columns.get(part);
      columns.set(part, column);
    }
  }
  return columns;
}

/**
 * Places the parts of a wiring.
 *
 * @param form The wiring.
 * @returns Each part's place, in the order of the parts; the highest lane is 0.
 */
export function placeParts(form: WiringForm): Placed[] {
  const lanes = lanesOf(form.parts);
  const columns = columnsOf(form, lanes);
  const highest = least(lanes.values());
  return form.parts.map((part) => ({
    part,
    column: columns.get(part)!,
    lane: lanes.get(part)! - highest,
  }));
}
