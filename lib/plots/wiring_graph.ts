/**
 * How a residual variant joins a sub-layer to its streams, as a graph of parts: its own equations, run on parts.
 *
 * The same text that trains is drawn, so that a drawing cannot say something else than what is computed.
 */
import { groupBy } from "../core/collections.ts";
import { joinBranch } from "../residual/join.ts";
import type { Algebra, State } from "../residual/algebra.ts";
import type { End, Parts, Residual, Role, Site } from "../residual/types.ts";

/** What a part does. */
export type PartKind = "stream" | "norm" | "factor" | "gate" | "branch" | "sum" | "end";

/** One part of a wiring. */
export interface Part {
  readonly kind: PartKind;
  /** What it is called: a stream's or a learned scalar's name, or a norm's place. */
  readonly label: string;
  /** What it reads. */
  readonly reads: readonly Part[];
  /** What a factor multiplies by, where that is a constant. */
  readonly factor?: number;
  /** Of a port of the sub-layer, or the end of a drawing: which stream it is. */
  readonly stream?: number;
}

/** The parts of all sub-layers that are wired alike. */
export interface WiringForm {
  /** Each part after those that it reads. */
  readonly parts: readonly Part[];
  /** The streams where the sub-layer begins and where it ends. */
  readonly ports: { readonly before: readonly Part[]; readonly after: readonly Part[] };
  /** The layers that have it, from 1. */
  readonly layers: readonly number[];
  /** The sub-layer that has it, where the other one of its layers is wired in another way. */
  readonly role?: Role;
  /** Of each constant, in the order of the parts, its value in the last of these layers. */
  readonly lastFactors: readonly number[];
}

const part = (kind: PartKind, label: string, ...reads: Part[]): Part => ({ kind, label, reads });

const algebra: Algebra<Part> = {
  add: (x, y) => part("sum", "+", x, y),
  scale: (factor, x) => ({ ...part("factor", "", x), factor }),
  weigh: (weight, x) => part("factor", weight.label, x),
};

const norms: Parts<Part> = {
  input: (x) => part("norm", "input", x),
  inner: (x) => part("norm", "inner", x),
  output: (x) => part("norm", "output", x),
  stream: (x) => part("norm", "stream", x),
  weight: (name) => part("factor", name),
  gpas: (x) => part("gate", "GPAS", x),
};

/** The sub-layer; where it has a norm inside, that stands before its last matrix. */
const branch = (x: Part, inner?: (x: Part) => Part): Part =>
  inner === undefined
    ? part("branch", "f", x)
    : part("branch", "Wₒ", inner(part("branch", "f", x)));

/** What a stream is called: the first one x, further ones s2, s3, … */
const streamName = (stream: number): string => stream === 0 ? "x" : `s${stream + 1}`;

const portsOf = (state: State<Part>): State<Part> =>
  state.map((from, stream) => ({
    ...part("stream", streamName(stream), from),
    stream,
  })) as unknown as State<Part>;

/** Everything that a part stands on, each part after those that it reads. */
function partsUnder(ends: readonly Part[]): Part[] {
  const found = new Set<Part>();
  const visit = (one: Part): void => {
    if (found.has(one)) return;
    one.reads.forEach(visit);
    found.add(one);
  };
  ends.forEach(visit);
  return [...found];
}

/** A sub-layer with what stands before the first one, and, where the last one is drawn, behind it. */
function stackOf(
  residual: Residual,
  site: Site,
  isLast = true,
): Pick<WiringForm, "parts" | "ports"> {
  const own = (name: End) => (x: Part): Part =>
    residual.ends.includes(name) ? part("norm", name, x) : x;
  const final = own("final");
  const x = own("embedding")(part("stream", "x"));
  const before = portsOf(residual.start?.(algebra, x) ?? [x]);
  const after = portsOf(joinBranch(algebra, residual.wiring(site), before, branch, norms));
  const given = isLast
    ? part("end", "y", residual.finish?.(algebra, after, final) ?? final(after[0]))
    : part("end", "…", after[0]);
  return { parts: partsUnder([...after, given]), ports: { before, after } };
}

/** What two sub-layers have in common that are wired alike, whatever their constants are. */
function formKey(parts: readonly Part[]): string {
  return JSON.stringify(
    parts.map(({ kind, label, reads }) => [kind, label, reads.map((read) => parts.indexOf(read))]),
  );
}

const factorsOf = (parts: readonly Part[]): number[] =>
  parts.flatMap(({ factor }) => factor === undefined ? [] : [factor]);

/**
 * The ways in which a stack's sub-layers are wired; most variants have one.
 *
 * @param residual The variant.
 * @param depth The stack's layers.
 * @returns Each way once, in the order of the layers.
 */
export function wiringForms(residual: Residual, depth: number): WiringForm[] {
  const roles = ["attention", "feedForward"] as const;
  const siteOf = (at: Pick<Site, "layer" | "role">): Site => ({ ...at, depth, stack: "decoder" });
  const sites = Array.from({ length: depth }, (_, at) => at + 1).flatMap((layer) =>
    roles.map((role) => {
      const { parts } = stackOf(residual, siteOf({ layer, role }));
      return { layer, role, parts, key: formKey(parts) };
    })
  );
  return [...groupBy(sites, ({ key }) => key).values()].map((alike) => {
    const [first, last] = [alike[0]!, alike.at(-1)!];
    const layers = [...new Set(alike.map(({ layer }) => layer))];
    return {
      ...stackOf(residual, siteOf(first), layers.includes(depth)),
      layers,
      ...(alike.length === roles.length * layers.length ? {} : { role: first.role }),
      lastFactors: factorsOf(last.parts),
    };
  });
}

/**
 * A part in words: the equation that it stands for.
 *
 * @param one The part.
 * @returns Text such as `stream norm(x + f(x))`.
 */
export function partText(one: Part): string {
  const [first, second] = one.reads.map((read) => partText(read));
  if (one.stream !== undefined || first === undefined) return one.label;
  const inBrackets = one.reads[0]!.kind === "sum" ? `(${first})` : first;
  switch (one.kind) {
    case "sum":
      return `${first} + ${second}`;
    case "factor":
      return `${factorText(one)} · ${inBrackets}`;
    case "norm":
      return `${one.label} norm(${first})`;
    default:
      return `${one.label}(${first})`;
  }
}

/**
 * What a factor multiplies by.
 *
 * @param factor The factor.
 * @param last Its value in the last of the layers that a drawing is of.
 * @returns A number, two where layers differ, or the name of a learned scalar.
 */
export function factorText({ factor, label }: Part, last = factor): string {
  if (factor === undefined || last === undefined) return label;
  const [from, to] = [factor, last].map((value) => String(Number(value.toPrecision(3))));
  return from === to ? from! : `${from} … ${to}`;
}
