// The forward pass of every model: each stack from its entry to its final norm, then the heads. It is the only one; tensors with
// gradients, streamed evaluation and exported graphs are interpreters of it.

import { joinBranch } from "../residual/join.ts";
import type { Norm, NormPlace, Parts, Role, Site, Sublayer } from "../residual/types.ts";
import type { State } from "../residual/algebra.ts";
import { enter, rowsOfKind } from "./entry.ts";
import { runHead } from "./head.ts";
import type { Interpreter } from "./interpreter.ts";
import {
  type Block,
  type Branch,
  entriesOf,
  givesFinals,
  type Head,
  type ModelSpec,
  namesIn,
  outputName,
  siteOf,
  type Stack,
  turnsOf,
} from "./spec.ts";
import { runSublayer } from "./sublayer.ts";

/** What may be done besides while a model runs. */
export interface Hooks<T> {
  /**
   * Receives named activations: `embed`, `blocks.l.resid_pre`, `.attn_in`, `.attn_out`, `.resid_mid`, `.mlp_in`, `.mlp_out`,
   * `.resid_post`, with l from 1, `final`, and as `blocks.l.norm.ROLE.PLACE` what each norm reads; of a branch for some rows alone with
   * their kind at the end, `blocks.l.mlp_in.tokens`. In a model of several stacks the stack's name stands in front.
   */
  readonly tap?: (name: string, value: T) => void;
  /** Receives the stream after each layer; 0 is what enters the first. */
  readonly onLayer?: (stack: string, layer: number, x: T) => void;
  /** Changes what enters the layers of a stack (dropout). */
  readonly entered?: (x: T, stack: string) => T;
  /** Changes what a branch adds (dropout), to some rows or to all. */
  readonly added?: (y: T, site: Site, rows: Branch["rows"]) => T;
  /**
   * Runs a layer, such as so that it keeps nothing for its gradient.
   *
   * @param run The layer as a function of what it is given; the result is the state after it.
   * @param given The state before it, then what the stacks before this one gave.
   * @param names The names of the parameters that it reads, among other words.
   */
  readonly layer?: (
    run: (given: readonly T[]) => State<T>,
    given: readonly T[],
    names: ReadonlySet<string>,
  ) => State<T>;
  /** The optimizer step under way, for variants whose constants depend on it. */
  readonly step?: number;
}

/** TransformerLens's names for what a sub-layer reads and adds, and for the stream after it. */
const names: Readonly<Record<Role, Readonly<Record<"is" | "reads" | "adds" | "after", string>>>> = {
  attention: { is: "attn", reads: "attn_in", adds: "attn_out", after: "resid_mid" },
  crossAttention: {
    is: "cross_attn",
    reads: "cross_attn_in",
    adds: "cross_attn_out",
    after: "resid_cross",
  },
  feedForward: { is: "mlp", reads: "mlp_in", adds: "mlp_out", after: "resid_post" },
};

/** What the names of a branch's activations end with. */
const endOf = (rows: Branch["rows"]): string => rows === undefined ? "" : `.${rows}`;

/** One stack while it runs. */
class StackRun<T> {
  readonly #engine: Interpreter<T>;
  readonly #spec: ModelSpec;
  readonly #name: string;
  readonly #memories: Readonly<Record<string, T>>;
  readonly #hooks: Hooks<T>;
  /** The stack's name before those of activations, where there are several. */
  readonly #prefix: string;

  constructor(
    engine: Interpreter<T>,
    spec: ModelSpec,
    name: string,
    memories: Readonly<Record<string, T>>,
    hooks: Hooks<T>,
  ) {
    this.#engine = engine;
    this.#spec = spec;
    this.#name = name;
    this.#memories = memories;
    this.#hooks = hooks;
    this.#prefix = Object.keys(spec.stacks).length === 1 ? "" : `${name}.`;
  }

  #tap(label: string, value: T): void {
    this.#hooks.tap?.(`${this.#prefix}${label}`, value);
  }

  /** From the entry to the final norm. */
  run(): T {
    const stack = this.#spec.stacks[this.#name]!;
    const { residual, blocks } = stack;
    const x = enter(this.#engine, stack, (entered) => {
      const changed = this.#hooks.entered?.(entered, this.#name) ?? entered;
      this.#tap("embed", changed);
      return changed;
    });
    let state: State<T> = residual.start?.(this.#engine, x) ?? [x];
    this.#hooks.onLayer?.(this.#name, 0, x);
    for (const [index, block] of blocks.entries()) {
      this.#tap(`blocks.${index + 1}.resid_pre`, state[0]);
      state = this.#handLayer(stack, block, index + 1, state);
      this.#hooks.onLayer?.(this.#name, index + 1, state[0]);
    }
    const out = this.#finish(stack, state);
    this.#tap("final", out);
    return out;
  }

  #runLayer(stack: Stack, block: Block, layer: number, state: State<T>): State<T> {
    return block.parallel
      ? this.#addTogether(stack, block, layer, state)
      : this.#addInTurn(stack, block, layer, state);
  }

  /** A layer as a function of all that it is given: its state, and what other stacks gave. */
  #handLayer(stack: Stack, block: Block, layer: number, state: State<T>): State<T> {
    const hooks = this.#hooks;
    if (hooks.layer === undefined) return this.#runLayer(stack, block, layer, state);
    const others = Object.keys(this.#memories);
    const run = (given: readonly T[]): State<T> => {
      const memories = Object.fromEntries(
        others.map((name, at) => [name, given[state.length + at]!]),
      );
      return new StackRun(this.#engine, this.#spec, this.#name, memories, hooks)
        .#runLayer(stack, block, layer, given.slice(0, state.length) as unknown as State<T>);
    };
    return hooks.layer(run, [...state, ...Object.values(this.#memories)], namesIn(block));
  }

  #finish(stack: Stack, state: State<T>): T {
    const { residual, final, finalOfMean } = stack;
    const read = (x: T): T =>
      finalOfMean === true ? this.#engine.pick(x, { reads: "patch-mean" }, stack) : x;
    const norm: Norm<T> = (x) => final === undefined ? x : this.#engine.norm(read(x), final);
    return residual.finish?.(this.#engine, state, norm) ?? norm(state[0]);
  }

  #siteOf(layer: number, role: Role): Site {
    const { step } = this.#hooks;
    const site = siteOf(this.#spec, this.#name, layer, role);
    return step === undefined ? site : { ...site, step };
  }

  #addInTurn(stack: Stack, block: Block, layer: number, state: State<T>): State<T> {
    for (const [branch, ofTokens] of turnsOf(block)) {
      state = ofTokens === undefined
        ? this.#join(stack, branch, layer, state)
        : this.#joinExperts(stack, [branch, ofTokens], layer, state);
      this.#tap(`blocks.${layer}.${names[branch.role].after}`, state[0]);
    }
    return state;
  }

  #join(stack: Stack, branch: Branch, layer: number, state: State<T>): State<T> {
    const site = this.#siteOf(layer, branch.role);
    const parts = this.#parts(stack, branch, site);
    const f = this.#sublayer(branch, site);
    return joinBranch(this.#engine, stack.residual.wiring(site), state, f, parts);
  }

  /** Each kind of rows through a branch of its own. */
  #joinExperts(
    stack: Stack,
    [ofPatches, ofTokens]: readonly [Branch, Branch],
    layer: number,
    state: State<T>,
  ): State<T> {
    const engine = this.#engine;
    const [count] = rowsOfKind(engine, stack, "tokens");
    const part = (of: (x: T) => T): State<T> => state.map(of) as unknown as State<T>;
    const patches = part((x) => engine.rows(x, 0, count));
    const tokens = part((x) => engine.rows(x, count));
    const joined = this.#join(stack, ofTokens, layer, tokens);
    return this.#join(stack, ofPatches, layer, patches)
      .map((x, at) => engine.joinRows([x, joined[at]!])) as unknown as State<T>;
  }

  /** x + Σ F(norm(x)); a norm that several branches share is computed once. */
  #addTogether(stack: Stack, { branches }: Block, layer: number, [x]: State<T>): State<T> {
    if (stack.residual.id !== "pre-ln") {
      throw new RangeError(
        `Cannot run parallel branches with ${stack.residual.label}: only Pre-LN is known to have them`,
      );
    }
    const computed = new Map<string, T>();
    let sum = x;
    for (const branch of branches) {
      const site = this.#siteOf(layer, branch.role);
      const key = branch.norms.input?.gain ?? "";
      const read = key === "" ? undefined : computed.get(key);
      const normed = read ?? this.#parts(stack, branch, site).input(x);
      computed.set(key, normed);
      sum = this.#engine.add(sum, this.#sublayer(branch, site)(normed));
    }
    this.#tap(`blocks.${layer}.${names.feedForward.after}`, sum);
    return [sum];
  }

  #sublayer({ sublayer, rows }: Branch, site: Site): Sublayer<T> {
    const label = `blocks.${site.layer}`;
    const { is, reads, adds } = names[site.role];
    return (x, inner) => {
      this.#tap(`${label}.${reads}${endOf(rows)}`, x);
      const given = { label: `${this.#prefix}${label}.${is}`, memories: this.#memories, inner };
      const y = runSublayer(this.#engine, sublayer, x, given);
      const added = this.#hooks.added?.(y, site, rows) ?? y;
      this.#tap(`${label}.${adds}${endOf(rows)}`, added);
      return added;
    };
  }

  /** The norms, learned scalars and gate of a site. */
  #parts({ residual }: Stack, branch: Branch, site: Site): Parts<T> {
    const { norms, unnormed, gate, weights, rows } = branch;
    const at = `at layer ${site.layer}`;
    const bound = (place: NormPlace): Norm<T> => (x) => {
      const norm = norms[place];
      if (norm === undefined && unnormed === true && place === "input") return x;
      if (norm === undefined) {
        const named = Object.keys(norms).join(", ") || "none";
        throw new RangeError(
          `Cannot apply the ${place} norm of ${residual.id} ${at}: the model has ${named} there`,
        );
      }
      this.#tap(`blocks.${site.layer}.norm.${site.role}.${place}${endOf(rows)}`, x);
      return this.#engine.norm(x, norm);
    };
    return {
      input: bound("input"),
      inner: bound("inner"),
      output: bound("output"),
      stream: bound("stream"),
      weight: (name) => {
        const own = weights?.[name];
        if (own === undefined) throw new RangeError(`Cannot weigh ${at}: it has no ${name}`);
        return this.#engine.scalar(own);
      },
      gpas: (x) => {
        if (gate === undefined) throw new RangeError(`Cannot scale ${at}: it has no gate`);
        return this.#engine.gpas(x, gate, residual.gpas?.activation ?? "silu");
      },
    };
  }
}

/** What each stack gives: the final norm, or the stream where there is none. Stacks whose input is not given do not run. */
function runStacks<T>(
  engine: Interpreter<T>,
  spec: ModelSpec,
  hooks: Hooks<T>,
): Record<string, T> {
  const finals: Record<string, T> = {};
  for (const [name, stack] of Object.entries(spec.stacks)) {
    if (!entriesOf(stack).some((entry) => engine.reads(entry))) continue;
    finals[name] = new StackRun(engine, spec, name, finals, hooks).run();
  }
  return finals;
}

/** What a head makes of what its stack gives. */
function runHeadOn<T>(engine: Interpreter<T>, head: Head, stack: Stack, final: T): T {
  const { reads } = head;
  switch (reads) {
    case "tokens":
    case "patches":
      return runHead(engine, head, engine.rows(final, ...rowsOfKind(engine, stack, reads)));
    case "late": {
      const all = runHead(engine, head, engine.pick(final, { reads: "all" }, stack));
      return engine.pick(all, { reads: "mean" }, stack);
    }
    default:
      return runHead(engine, head, engine.pick(final, { ...head, reads }, stack));
  }
}

/**
 * Runs a model.
 *
 * @param engine What executes it; it holds the inputs.
 * @param spec The model.
 * @param hooks What may be done besides.
 * @returns What each head makes of its stack; of a body what the stacks give as well; and the mean of two; by name.
 * @throws {RangeError} If two outputs have one name, or a memory is missing; and what the engine throws.
 */
export function forward<T>(
  engine: Interpreter<T>,
  spec: ModelSpec,
  hooks: Hooks<T> = {},
): Record<string, T> {
  const finals = runStacks(engine, spec, hooks);
  const outputs: Record<string, T> = givesFinals(spec) ? { ...finals } : {};
  for (const head of spec.heads) {
    const [stack, final] = [spec.stacks[head.stack], finals[head.stack]];
    if (stack === undefined || final === undefined) continue;
    const name = outputName(head);
    if (Object.hasOwn(outputs, name)) {
      throw new RangeError(`Cannot name two outputs ${name}: name the heads`);
    }
    outputs[name] = runHeadOn(engine, head, stack, final);
  }
  const [one, other] = (spec.mean?.of ?? []).map((name) => outputs[name]);
  if (spec.mean === undefined || one === undefined || other === undefined) return outputs;
  return { ...outputs, [spec.mean.output]: engine.scale(0.5, engine.add(one, other)) };
}
