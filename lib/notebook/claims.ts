// A paper's claim beside our own number: a table row for readers, and the same as data for `deno task claims`.

import { type OptionKinds, requireOptions, shown } from "../core/options.ts";
import { jupyterDisplay } from "../plots/figure.ts";
import { formatNumber } from "../plots/measurements.ts";
import { table } from "./show.ts";

/** The type under which a claim lies in a cell's output. */
export const claimType = "application/vnd.normkit.claim+json";

/** What may become of a claim, from the best to the worst, and what each word says. */
export const verdicts = {
  "reproduced":
    "what the claim says is seen, in its direction and its size: a bound is kept, an identity holds to rounding, and of what is compared the worst seed on one side is better than the best on the other",
  "direction only":
    "the sign is the paper's in every seed (in most cases, where cases stand in for seeds, as with times), the size is not: an effect smaller than the paper's, or one that is gone at another setting of ours",
  "depends on the rate":
    "the sign is the paper's at one learning rate and another at the next; the row says at which",
  "depends on the batch":
    "the same of the number of examples that a gradient is taken of: the sign is the paper's with one number and another with the next, each in every seed",
  "not seen at this scale":
    "the effect is no larger than the distance of seeds, or what it is about does not occur in models so small",
  "contradicted":
    "every seed says the opposite, in a setting that the claim speaks of, at more than one learning rate where there is one",
} as const;

/** What became of a claim in our setting. */
export type Verdict = keyof typeof verdicts;

/** What was to be expected of a claim in a small model, by the letter behind it. */
export const expectations = {
  A: "that it holds: an identity, a bound, or an effect that does not need size",
  B: "its direction, with noise of the size of the effect beside it",
  C: "nothing: it is about models or data that are not here",
} as const;

/** A headline claim of a paper, and what we found. */
export interface Claim {
  /** Its name among all claims: lower case, digits and hyphens, such as `xiong-warmup`. */
  readonly id: string;
  /** The paper, such as `Xiong et al. 2020`. */
  readonly paper: string;
  /** What the paper says, in a sentence; may hold `$TeX$`. */
  readonly claim: string;
  /** Where we looked: model, data, steps, seeds. */
  readonly setting: string;
  /** What we found; a number is written with four digits. */
  readonly ours: number | string;
  /** How far our seeds lie apart, such as `0.02` or `2.41 to 2.52`. */
  readonly spread?: number | string;
  /** The paper's own number. */
  readonly papers?: number | string;
  /** What became of the claim. */
  readonly verdict: Verdict;
}

/** What a notebook shows for claims: a table, its text, and the claims as data. */
export interface ShownClaims {
  /** The representations, by MIME type. */
  [jupyterDisplay](): Record<string, string | readonly Claim[]>;
}

const words = ["paper", "claim", "setting"] as const;
const results = ["ours", "spread", "papers"] as const;

/**
 * Shows claims of papers beside our own numbers, and leaves them in the cell's output for `deno task claims`.
 *
 * ```ts
 * import { claim } from "@normkit/normkit/notebook";
 *
 * claim({
 *   id: "xiong-warmup",
 *   paper: "Xiong et al. 2020",
 *   claim: "Without warm-up Post-LN fails where Pre-LN trains",
 *   setting: "8 layers, width 64, 100 steps, one seed",
 *   ours: 0.58,
 *   verdict: "reproduced",
 * });
 * ```
 *
 * @param claims One claim or several; each has an id of its own.
 * @returns What the notebook shows.
 * @throws {RangeError} If there is none, an id is malformed or given twice, a text is blank, a number is not finite, or the
 * verdict is another word.
 */
export function claim(...claims: readonly Claim[]): ShownClaims {
  if (claims.length === 0) throw new RangeError("Cannot show no claim: give at least one");
  const ids = new Set<string>();
  for (const one of claims) {
    checkClaim(one);
    if (ids.has(one.id)) {
      throw new RangeError(
        `Cannot show the claim ${shown(one.id)} twice: each needs an id of its own`,
      );
    }
    ids.add(one.id);
  }
  const markdown = table(claims.map((one) => ({
    paper: one.paper,
    claim: one.claim,
    "paper's number": one.papers ?? "",
    ours: one.spread === undefined ? one.ours : `${digits(one.ours)} (${digits(one.spread)})`,
    setting: one.setting,
    verdict: `**${one.verdict}**`,
  })))[jupyterDisplay]();
  return { [jupyterDisplay]: () => ({ ...markdown, [claimType]: claims }) };
}

const digits = (value: number | string): string =>
  typeof value === "number" ? formatNumber(value) : value;

const claimKinds: OptionKinds<Claim> = {
  id: "string",
  paper: "string",
  claim: "string",
  setting: "string",
  ours: "any",
  spread: "any?",
  papers: "any?",
  verdict: "string",
};

function checkClaim(claim: Claim): void {
  requireOptions("a claim", claim, claimKinds);
  const refuse = (why: string): never => {
    throw new RangeError(`Cannot show the claim ${shown(claim.id)}: ${why}`);
  };
  if (!/^[a-z\d]+(-[a-z\d]+)*$/.test(claim.id)) {
    refuse("its id must be lower case, digits and hyphens, such as xiong-warmup");
  }
  for (const key of words) {
    if (claim[key].trim() === "") refuse(`its ${key} is blank`);
  }
  for (const key of results) {
    const value = claim[key];
    if (typeof value === "string" ? value.trim() === "" : !Number.isFinite(value ?? 0)) {
      refuse(
        `its ${key} is ${
          typeof value === "string" ? "blank" : value
        }, and must be a finite number or words`,
      );
    }
  }
  if (!Object.hasOwn(verdicts, claim.verdict)) {
    refuse(
      `its verdict is ${shown(claim.verdict)}, and must be ${Object.keys(verdicts).join(", ")}`,
    );
  }
}
