// The lines of a results file, one JSON object each. What machine, what time, which figure of the plan was reached, and what
// did not run and why.

import type { BackendName } from "@normkit/normkit";
import type { Quartiles } from "../timing/statistics.ts";

/** What a group of measurements is about: `{ norm: "layer", shape: "2048×768" }`. */
export type Facts = Readonly<Record<string, string | number>>;

/** Where and with what the lines that follow were measured. */
export interface MachineLine {
  readonly kind: "machine";
  readonly suite: string;
  readonly backend: BackendName;
  /** How the fused kernels run, in words. */
  readonly kernels: string;
  /** The WebGPU adapter, or that there is no hardware GPU at hand. */
  readonly gpu: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Processes that wanted a core in the minute before; times are to be trusted where it is well below 1. */
  readonly load: number;
  readonly system: string;
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** The commit, with `+` where the tree had changes. */
  readonly commit: string;
  readonly date: string;
}

/** A contestant's time for one task. */
export interface TimeLine extends Quartiles {
  readonly kind: "time";
  readonly suite: string;
  readonly platform: Platform;
  readonly facts: Facts;
  readonly task: string;
  readonly contestant: string;
  readonly unit: "ms";
  /** Rounds that count. */
  readonly rounds: number;
  /** How often a sample ran it; absent where the time follows from others. */
  readonly repeats?: number;
  /** Its time as a multiple of others', per round, then summarized. */
  readonly ratios: Readonly<Record<string, Quartiles>>;
  readonly gflops?: number;
  readonly tokensPerSecond?: number;
}

/** A quantity that is not a time: peak memory. */
export interface AmountLine {
  readonly kind: "amount";
  readonly suite: string;
  readonly platform: Platform;
  readonly facts: Facts;
  readonly contestant: string;
  readonly quantity: string;
  readonly unit: string;
  readonly value: number;
}

/** A figure of the plan. */
export interface TargetLine extends Quartiles {
  readonly kind: "target";
  readonly suite: string;
  readonly platform: Platform;
  readonly facts: Facts;
  readonly figure: string;
  readonly target: string;
  readonly reached: boolean;
}

/** A contestant that did not run. */
export interface AbsentLine {
  readonly kind: "absent";
  readonly suite: string;
  readonly platform: Platform;
  readonly facts: Facts;
  readonly task: string;
  readonly contestant: string;
  readonly why: string;
}

/** Any line. */
export type Line = MachineLine | TimeLine | AmountLine | TargetLine | AbsentLine;

/** What the numbers depend on most: targets differ by it. */
export type Platform = "cpu" | "wasm" | "webgpu, software" | "webgpu, hardware";
