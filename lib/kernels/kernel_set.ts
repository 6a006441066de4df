// What each backend's folder of kernels gives: its kernels, the kernels of tfjs that it replaces, and what it lacks.

import type * as tf from "@tensorflow/tfjs";
import type { KernelName, Kernels } from "./contract.ts";

/** The kernels of one backend. */
export interface KernelSet {
  /** Our kernels; one that this machine cannot run is left out. */
  readonly kernels: Partial<Kernels<never>>;
  /** tfjs's own kernels by name, with what runs instead. */
  readonly replacements: Readonly<Record<string, tf.KernelFunc>>;
  /** How they run, in words: "relaxed SIMD, 2 threads". */
  readonly detail: string;
  /** Why each absent kernel is absent. */
  readonly absent: Partial<Readonly<Record<KernelName, string>>>;
  /** Sets the number of threads, where the kernels can have several; `detail` says how many there are then. */
  setThreads?(count: number): Promise<void>;
}
