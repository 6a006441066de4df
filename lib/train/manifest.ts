// The manifest of a run: settings, corpus, versions and hardware, gathered when the run ends.

import * as tf from "@tensorflow/tfjs";
import { version } from "../core/version.ts";
import type { Determinants, Determined } from "./determinants.ts";
import type { Manifest, Stop } from "./record.ts";

/** What the loop knows of a run. */
export interface RunFacts {
  readonly run: Determinants;
  readonly known: Determined;
  readonly probes: Manifest["probes"] | undefined;
  readonly parameters: number;
  readonly started: Date;
  readonly stopped: Stop | undefined;
  readonly label: string | undefined;
  readonly command: string | undefined;
  readonly commit: string | undefined;
}

/** @returns The manifest of a run, with versions, backend and hardware. */
export function manifestOf(facts: RunFacts): Manifest {
  const { run, known, probes, parameters, started, stopped, label, command, commit } = facts;
  return {
    variant: run.settings.model.residual ?? "pre-ln",
    ...(run.residual === undefined ? {} : { ownVariant: true }),
    ...(label === undefined ? {} : { label }),
    ...known,
    ...(probes === undefined ? {} : { probes }),
    parameters,
    backend: run.backend,
    versions: { normkit: version, tfjs: tf.version.tfjs, deno: Deno.version.deno },
    hardware: `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} logical cores`,
    ...(command === undefined ? {} : { command }),
    ...(commit === undefined ? {} : { commit }),
    started: started.toISOString(),
    wallSeconds: (Date.now() - started.getTime()) / 1000,
    ...(stopped === undefined ? {} : { stopped }),
  };
}
