// How the threads of a GPU share the rows of a tensor, decided once a device.
//
// A team of threads holds a row in registers and reads memory once: a subgroup where it is wide enough, else a workgroup. A
// row that is too long for registers, or so short that a team would idle, is one thread's, who needs nobody and reads it again
// for every pass. On a software adapter barriers cost more than they bring, and so does compiling long programs.

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

/** Vectors that a thread may hold of one row; longer rows are read again. */
const held = { software: 24, hardware: 8 };

const thread = (software: boolean): Team => ({
  rows: "thread",
  lanes: 1,
  threads: software ? 8 : 64,
  most: 2 ** 16,
});

/** Subgroups: one a workgroup on the CPU, four on a GPU. */
const subgroup = (subgroups: Subgroups, software: boolean): Team => ({
  rows: "subgroup",
  lanes: subgroups.size,
  threads: software ? subgroups.size : 4 * subgroups.size,
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
    most: software ? 32 : 512,
    ...(typeof subgroups === "string" ? {} : { subgroups }),
  };
};

function isSoftware({ adapterInfo: { isFallbackAdapter, description } }: GPUDevice): boolean {
  return isFallbackAdapter || /llvmpipe|swiftshader|softpipe/i.test(description);
}

/** The teams worth trying, the best first. */
function candidates(
  vectors: number,
  subgroups: Subgroups | string,
  software: boolean,
  forced: RowStrategy | undefined,
): Team[] {
  const teams = [
    ...(typeof subgroups === "string" ? [] : [subgroup(subgroups, software)]),
    ...(software && forced !== "workgroup" ? [] : [workgroup(vectors, subgroups, software)]),
  ];
  return forced === undefined ? teams : teams.filter(({ rows }) => rows === forced);
}

/**
 * Chooses how rows are shared.
 *
 * @param device The device.
 * @param forced Takes this strategy wherever it can run, for tests.
 * @returns The strategy.
 */
export async function chooseStrategy(device: GPUDevice, forced?: RowStrategy): Promise<Strategy> {
  const software = isSoftware(device);
  const subgroups = await findSubgroups(device);
  const registers = software ? held.software : held.hardware;
  const usual = typeof subgroups === "string"
    ? `a ${software ? "thread" : "workgroup"} a row (${subgroups})`
    : `a subgroup of ${subgroups.size} threads a row`;
  return {
    software,
    reason: forced === undefined ? usual : `a ${forced} a row (asked for)`,
    team: (vectors) =>
      candidates(vectors, subgroups, software, forced).find(({ lanes }) =>
        vectors <= lanes * registers && (forced !== undefined || vectors * 4 > lanes)
      ) ?? thread(software),
  };
}
