// What made a run, gathered at its end.

import * as tf from "@tensorflow/tfjs";
import { version } from "../core/version.ts";
import type { Corpus } from "./corpus.ts";
import type { Manifest, Stop, TrainSettings } from "./record.ts";

/** What the loop knows of a run. */
export interface RunFacts {
  readonly settings: TrainSettings;
  readonly ownVariant: boolean;
  readonly corpus: Corpus;
  readonly parameters: number;
  readonly started: Date;
  readonly stopped: Stop | undefined;
  readonly label: string | undefined;
  readonly command: string | undefined;
  readonly commit: string | undefined;
}

/** @returns The manifest of a run, with versions, backend and hardware. */
export function manifestOf(facts: RunFacts): Manifest {
  const { settings, ownVariant, corpus, parameters, started, stopped, label, command, commit } =
    facts;
  return {
    variant: settings.model.residual ?? "pre-ln",
    ...(ownVariant ? { ownVariant } : {}),
    ...(label === undefined ? {} : { label }),
    settings,
    corpus: {
      name: corpus.name,
      trainTokens: corpus.train.length,
      heldOutTokens: corpus.heldOut.length,
      bytesPerToken: corpus.bytesPerToken,
      characters: corpus.tokenizer.characters,
    },
    parameters,
    backend: tf.getBackend(),
    versions: { normkit: version, tfjs: tf.version.tfjs, deno: Deno.version.deno },
    hardware: `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} logical cores`,
    ...(command === undefined ? {} : { command }),
    ...(commit === undefined ? {} : { commit }),
    started: started.toISOString(),
    wallSeconds: (Date.now() - started.getTime()) / 1000,
    ...(stopped === undefined ? {} : { stopped }),
  };
}
