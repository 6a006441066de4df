// What the page and the worker that converts tell each other.

import type { Target } from "../../../convert/convert.ts";

/** A file that was dropped on the page, by its path. */
export interface GivenFile {
  readonly path: string;
  readonly content: Blob;
}

/** What the worker is asked to do. */
export type Order =
  | { readonly kind: "open"; readonly files: readonly GivenFile[] }
  | { readonly kind: "convert"; readonly to: Target };

/** Whether a model can be converted to a target. */
export interface Offer {
  readonly to: Target;
  /** Why it cannot. */
  readonly reason?: string;
}

/** What the worker tells. */
export type Report =
  | {
    readonly kind: "opened";
    /** What the model is, in lines. */
    readonly inspection: string;
    readonly offers: readonly Offer[];
  }
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | {
    readonly kind: "converted";
    readonly files: readonly GivenFile[];
    readonly notes: readonly string[];
    readonly certificate: string;
    readonly passed: boolean;
  }
  | { readonly kind: "failed"; readonly message: string };
