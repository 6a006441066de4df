// How the threads of a GPU share the rows of a tensor, decided once a device.
//
// A team of threads holds a row in registers and reads memory once: a subgroup where it is wide enough, else a workgroup. On a
// software adapter barriers cost more than they bring, and so does compiling long programs: longer rows are a subgroup's too,
// but read again for every pass. A row so short that a team would idle is one thread's, who needs nobody; so is every row where
// nothing else can run.

import { isSoftwareAdapter } from "../../backend/webgpu.ts";
import { findSubgroups, type Subgroups } from "./subgroups.ts";

/** Who takes a row. */
export type RowStrategy = "thread" | "subgroup" | "workgroup";

/** The threads that share a row. */
export interface Team {
  /** Who takes a row. */
  readonly rows: RowStrategy;
  /** Threads of a team. */
  readonly lanes: number;
  /** Threads of a workgroup, a multiple of `lanes`. */
  readonly threads: number;
  /** Whether its threads hold the row in registers. */
  readonly holds: boolean;
  /** The most teams at a time; each takes several rows. */
  readonly most: number;
  /** The subgroups that its threads add over; none where that is not possible. */
  readonly subgroups?: Subgroups;
}

/** The strategy of a device. */
export interface Strategy {
  /** In words, with the reason. */
  readonly reason: string;
  /** Whether the device computes on the CPU. */
  readonly software: boolean;
  /** The team for rows of that many vectors (four numbers, or one where the width is odd). */
  team(vectors: number): Team;
}

/** Vectors that a thread may hold of one row. */
const held = { software: 32, hardware: 8 };

const thread = (software: boolean): Team => ({
  rows: "thread",
  lanes: 1,
  threads: software ? 8 : 64,
  holds: false,
  most: 2 ** 16,
});

/** Subgroups: one a workgroup on the CPU, four on a GPU. */
const subgroup = (subgroups: Subgroups, software: boolean): Team => ({
  rows: "subgroup",
  lanes: subgroups.size,
  threads: software ? subgroups.size : 4 * subgroups.size,
  holds: true,
  most: software ? 32 : 1024,
  subgroups,
});

/** The narrowest workgroup that holds the row in four registers a thread, or the widest. */
const workgroup = (vectors: number, subgroups: Subgroups | string, software: boolean): Team => {
  const lanes = [64, 128].find((lanes) => vectors <= lanes * 4) ?? 256;
  return {
    rows: "workgroup",
    lanes,
    threads: lanes,
    holds: true,
    most: software ? 32 : 512,
    ...(typeof subgroups === "string" ? {} : { subgroups }),
  };
};

/** The teams that may take a row of that many vectors, the best first. */
function candidates(
  vectors: number,
  subgroups: Subgroups | string,
  software: boolean,
): Team[] {
  const registers = software ? held.software : held.hardware;
  const some = typeof subgroups === "string" ? [] : [subgroup(subgroups, software)];
  const whole = workgroup(vectors, subgroups, software);
  return [
    ...[...some, whole].filter(({ lanes }) => vectors <= lanes * registers),
    ...(software ? some.map((team) => ({ ...team, holds: false })) : []),
    thread(software),
  ];
}

/**
 * Chooses how rows are shared.
 *
 * @param device The device.
 * @param forced Takes this strategy wherever it can run, for tests.
 * @returns The strategy.
 */
export async function chooseStrategy(device: GPUDevice, forced?: RowStrategy): Promise<Strategy> {
  const software = isSoftwareAdapter(device.adapterInfo);
  const subgroups = await findSubgroups(device);
  const usual = typeof subgroups === "string"
    ? `a ${software ? "thread" : "workgroup"} a row (${subgroups})`
    : `a subgroup of ${subgroups.size} threads a row`;
  /** Whether a team is to take a row of that many vectors. */
  const suits = ({ rows, lanes }: Team, vectors: number): boolean =>
    forced !== undefined
      ? rows === forced
      : vectors * 4 > lanes && !(software && rows === "workgroup");
  return {
    software,
    reason: forced === undefined ? usual : `a ${forced} a row (asked for)`,
    team: (vectors) =>
      candidates(vectors, subgroups, software).find((team) => suits(team, vectors)) ??
        thread(software),
  };
}
