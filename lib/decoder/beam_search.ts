// Beam search for one source: the likeliest texts under way go on, those that have ended are compared by their scores.

import { logSum } from "../core/log_sum.ts";
import type { BeamOptions } from "./beam_options.ts";
import { requireLogits } from "./sampling.ts";
import { bannedTokens, forcedToken } from "./token_rules.ts";

/** A text that was made. */
export interface Translation {
  /** Its tokens, without the start, with the one that ended it. */
  readonly tokens: readonly number[];
  /** Its score: the sum of the tokens' log-probabilities, in nats, divided by length^lengthPenalty. */
  readonly score: number;
}

/** A text under way. */
interface Hypothesis {
  /** The start, and what was made. */
  readonly tokens: readonly number[];
  /** The sum of the log-probabilities of what was made. */
  readonly logProbability: number;
}

/** A token behind a text under way. */
interface Candidate {
  /** Which text. */
  readonly parent: number;
  readonly token: number;
  /** The sum of the log-probabilities with it. */
  readonly logProbability: number;
}

/** The best of many, best first; of equals the first. */
class Best<T> {
  readonly #most: number;
  readonly #score: (one: T) => number;
  /** Those that are kept. */
  readonly list: T[] = [];

  constructor(most: number, score: (one: T) => number) {
    this.#most = most;
    this.#score = score;
  }

  /** What another one has to exceed. */
  get least(): number {
    return this.list.length < this.#most ? -Infinity : this.#score(this.list.at(-1)!);
  }

  add(one: T): void {
    const score = this.#score(one);
    const place = this.list.findIndex((other) => score > this.#score(other));
    this.list.splice(place < 0 ? this.list.length : place, 0, one);
    this.list.length = Math.min(this.list.length, this.#most);
  }
}

/** The search for one source, as transformers' `generate` does it. */
export class BeamSearch {
  readonly #options: BeamOptions;
  readonly #source: readonly number[];
  readonly #beams: number;
  readonly #penalty: number;
  readonly #ended: Best<Translation>;
  #live: readonly Hypothesis[];

  /**
   * Begins with the start.
   *
   * @param options How texts are searched for.
   * @param source The tokens that are translated; none where it is no text.
   */
  constructor(options: BeamOptions, source: readonly number[]) {
    this.#options = options;
    this.#source = source;
    this.#beams = options.beams ?? 1;
    this.#penalty = options.lengthPenalty ?? 1;
    this.#ended = new Best(this.#beams, ({ score }) => score);
    this.#live = [{ tokens: options.start, logProbability: 0 }];
  }

  /** The texts under way, the likeliest first; each is a row of the next run. */
  get live(): readonly Hypothesis[] {
    return this.#live;
  }

  /** How many tokens each text under way has behind the start. */
  get #made(): number {
    return this.#live[0]!.tokens.length - this.#options.start.length;
  }

  /** Whether nothing better can be found. */
  get isDone(): boolean {
    const { earlyStopping = false, maxTokens } = this.#options;
    const best = this.#live[0];
    if (best === undefined) return true;
    if (this.#ended.list.length < this.#beams) return false;
    if (earlyStopping === true) return true;
    const length = earlyStopping === "never" && this.#penalty > 0 ? maxTokens : this.#made;
    return this.#scoreOf(best.logProbability, length) <= this.#ended.least;
  }

  /** The best text; only once the search is done. */
  get best(): Translation {
    return this.#ended.list[0]!;
  }

  /**
   * Goes on by one token.
   *
   * @param logits The logits of what follows each text under way.
   * @returns Of which texts those that are under way now are continuations, by number.
   * @throws {RangeError} If a logit is not finite, or the rules leave no token.
   */
  advance(logits: readonly Float32Array[]): number[] {
    const { end, maxTokens } = this.#options;
    const made = this.#made + 1;
    const top = this.#candidates(logits).map((one) => ({
      ...one,
      tokens: [...this.#live[one.parent]!.tokens, one.token],
      hasEnded: made === maxTokens || end.includes(one.token),
    }));
    // what ends further down would not have gone on either
    for (const { tokens, logProbability, hasEnded } of top.slice(0, this.#beams)) {
      if (!hasEnded) continue;
      const score = this.#scoreOf(logProbability, made);
      this.#ended.add({ tokens: tokens.slice(this.#options.start.length), score });
    }
    const live = top.filter(({ hasEnded }) => !hasEnded).slice(0, this.#beams);
    this.#live = live;
    return live.map(({ parent }) => parent);
  }

  #scoreOf(logProbability: number, length: number): number {
    return logProbability / length ** this.#penalty;
  }

  /** The likeliest continuations: as many as there are beams would still go on if each text had all its ends among them. */
  #candidates(logits: readonly Float32Array[]): readonly Candidate[] {
    const most = (1 + Math.max(1, this.#options.end.length)) * this.#beams;
    const top = new Best<Candidate>(most, ({ logProbability }) => logProbability);
    for (const parent of this.#live.keys()) this.#addCandidates(top, parent, logits[parent]!);
    if (top.list.length === 0 && this.#ended.list.length === 0) {
      throw new RangeError(
        `Cannot choose token ${this.#made + 1}: the rules leave none; allow some that they ban`,
      );
    }
    return top.list;
  }

  /** Adds the continuations of one text. */
  #addCandidates(top: Best<Candidate>, parent: number, logits: Float32Array): void {
    const { maxTokens, end, renormalize } = this.#options;
    const { tokens, logProbability } = this.#live[parent]!;
    const place = { tokens, made: this.#made, maxTokens, end, source: this.#source };
    const forced = forcedToken(this.#options, place);
    if (forced !== undefined) {
      top.add({ parent, token: forced, logProbability });
      return;
    }
    const all = logSum(logits);
    if (!Number.isFinite(all)) requireLogits(logits, place.made);
    const banned = new Set(bannedTokens(this.#options, place));
    const total = renormalize === true
      ? logSum(logits.map((logit, token) => banned.has(token) ? -Infinity : logit))
      : all;
    let { least } = top;
    for (let token = 0; token < logits.length; token++) {
      const sum = logProbability + logits[token]! - total;
      if (!(sum > least) || banned.has(token)) continue;
      top.add({ parent, token, logProbability: sum });
      least = top.least;
    }
  }
}
