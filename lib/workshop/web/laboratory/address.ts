// An experiment as the query of an address, and back: `?variant=pre-ln,post-ln&depth=12`. Of a choice with two values the first is
// that of design A, the second that of B; one value is for both.

import { excerpt } from "../../../core/excerpt.ts";
import { type Choice, designChoices, type Experiment, sharedChoices, valueOf } from "./choices.ts";

/** An experiment that was read, and what of its address could not be used, a sentence each. */
export interface ReadExperiment {
  readonly experiment: Experiment;
  readonly complaints: readonly string[];
}

const sides = ["A", "B"] as const;

/** The values of a choice in a query, one for each design; those that are not allowed are the ones from before. */
class Reader {
  readonly complaints: string[] = [];

  /** What a choice is, or what it was, and a complaint. */
  read(name: string, choice: Choice, text: string, before: string | number): string | number {
    try {
      return valueOf(name, choice, text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.complaints.push(`${error.message}. ${before} is taken.`);
      return before;
    }
  }
}

/**
 * The experiment of a query.
 *
 * @param query The query, with its question mark or without.
 * @param initial What holds where the query says nothing, or nothing that is allowed.
 * @returns The experiment, and sentences on what is not allowed.
 */
export function readExperiment(query: string, initial: Experiment): ReadExperiment {
  const reader = new Reader();
  const designs: Record<string, string | number>[] = initial.designs.map((one) => ({ ...one }));
  const shared: Record<string, string | number> = { ...initial.shared };
  for (const [name, text] of new URLSearchParams(query)) {
    if (Object.hasOwn(designChoices, name)) {
      const choice = designChoices[name as keyof typeof designChoices];
      const values = text.split(",");
      if (values.length > 2) {
        reader.complaints.push(
          `Cannot use ${name} = ${excerpt(text)}: there are two designs, so at most two values.`,
        );
        continue;
      }
      designs.forEach((design, at) => {
        const words = values.length === 1 ? name : `${name} of design ${sides[at]}`;
        if (at === 1 && values.length === 1) design[name] = designs[0]![name]!;
        else design[name] = reader.read(words, choice, values[at]!, design[name]!);
      });
    } else if (Object.hasOwn(sharedChoices, name)) {
      const choice = sharedChoices[name as keyof typeof sharedChoices];
      shared[name] = reader.read(name, choice, text, shared[name]!);
    } else {
      const known = [...Object.keys(designChoices), ...Object.keys(sharedChoices)].join(", ");
      reader.complaints.push(`Cannot use ${excerpt(name)}: the choices are ${known}.`);
    }
  }
  return {
    experiment: { designs, shared } as unknown as Experiment,
    complaints: reader.complaints,
  };
}

/**
 * An experiment as a query.
 *
 * @param experiment The experiment.
 * @returns The query with its question mark, all choices in it; {@linkcode readExperiment} gives the experiment back.
 */
export function queryOf({ designs: [a, b], shared }: Experiment): string {
  const pairs = Object.keys(designChoices).map((name) => {
    const [first, second] = [a, b].map((design) => design[name as keyof typeof a]);
    return [name, first === second ? `${first}` : `${first},${second}`];
  });
  const common = Object.entries(shared).map(([name, value]) => [name, `${value}`]);
  return `?${new URLSearchParams([...pairs, ...common])}`.replaceAll("%2C", ",");
}
