// What the page and the workers in which designs train tell each other.

import type { Row } from "../../../train/record.ts";
import type { Design, Shared } from "./choices.ts";

/** What a worker is asked to do. */
export type Order =
  | {
    readonly kind: "train";
    readonly run: number;
    readonly design: Design;
    readonly shared: Shared;
  }
  | { readonly kind: "stop" };

/** What a worker tells of a run. */
export type Told =
  | {
    readonly kind: "begun";
    /** What it runs on, in a sentence. */
    readonly device: string;
    /** How many characters there are. */
    readonly vocabulary: number;
  }
  | {
    readonly kind: "row";
    readonly row: Row;
    /** The milliseconds since the row before. */
    readonly milliseconds: number;
  }
  | {
    readonly kind: "ended";
    /** Why it ended early, if it did. */
    readonly stopped?: string;
    /** The number of trained scalars. */
    readonly parameters: number;
    /** Tensors that are left; the same after every run. */
    readonly tensors: number;
  }
  | { readonly kind: "failed"; readonly message: string };

/** What a worker tells, with the run that it is of. */
export type Report = { readonly run: number } & Told;
