// The manifest of a run: settings, corpus, versions and hardware, gathered when the run ends.

import * as tf from "@tensorflow/tfjs";
import { version } from "../core/version.ts";
import { platform } from "../platform/mod.ts";
import type { Determined } from "./determinants.ts";
import type { DataFacts, Manifest, RunSettings, Stop } from "./record.ts";

/** What is known of a run at its end. */
export interface RunFacts<S extends RunSettings, D extends DataFacts> {
  readonly variant: string;
  readonly ownVariant: boolean;
  readonly known: Determined<S, D>;
  readonly probes: Manifest["probes"] | undefined;
  readonly source?: string | undefined;
  readonly backend: string;
  /** The number of trained scalars. */
  readonly count: number;
  readonly started: Date;
  /** How long it took. */
  readonly seconds: number;
  readonly stopped: Stop | undefined;
  readonly label: string | undefined;
  readonly command: string | undefined;
  readonly commit: string | undefined;
}

/** @returns The manifest of a run, with versions, backend and hardware. */
export function manifestOf<S extends RunSettings, D extends DataFacts>(
  facts: RunFacts<S, D>,
): Manifest<S, D> {
  const { variant, ownVariant, known, probes, source, backend, count, started, seconds } = facts;
  const { stopped, label, command, commit } = facts;
  const runtime = platform.runtime();
  return {
    variant,
    ...(ownVariant ? { ownVariant } : {}),
    ...(source === undefined ? {} : { source }),
    ...(label === undefined ? {} : { label }),
    ...known,
    ...(probes === undefined ? {} : { probes }),
    parameters: count,
    backend,
    versions: {
      normkit: version,
      tfjs: tf.version.tfjs,
      [runtime.name.toLowerCase()]: runtime.version,
    },
    hardware:
      `${platform.system()} ${platform.architecture()}, ${platform.processors()} logical cores`,
    ...(command === undefined ? {} : { command }),
    ...(commit === undefined ? {} : { commit }),
    started: started.toISOString(),
    wallSeconds: seconds,
    ...(stopped === undefined ? {} : { stopped }),
  };
}
