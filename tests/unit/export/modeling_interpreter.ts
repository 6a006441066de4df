// A decoder computed from its `modeling.json` alone, written from the formulas in it: plain arrays, none of the library's functions.

/** What is read of a modeling.json; the test hands it over as parsed text. */
// deno-lint-ignore no-explicit-any
type Json = any;

type Row = number[];
type Tensors = Readonly<Record<string, ArrayLike<number>>>;

const sum = (x: Row): number => x.reduce((a, b) => a + b, 0);
const plus = (x: Row, y: Row): Row => x.map((value, at) => value + y[at]!);
const dot = (x: Row, y: Row): number => sum(x.map((value, at) => value * y[at]!));

/** erf by its series and, further out, its continued fraction. */
function erf(x: number): number {
  if (Math.abs(x) > 3) {
    let tail = 0;
    for (let k = 60; k > 0; k--) tail = k / 2 / (Math.abs(x) + tail);
    return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (Math.abs(x) + tail));
  }
  let [term, total] = [x, x];
  for (let n = 1; n < 80; n++) total += (term *= -x * x / n) / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * total;
}

const activations: Readonly<Record<string, (x: number) => number>> = {
  gelu: (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
  gelu_new: (x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  relu: (x) => Math.max(x, 0),
  relu2: (x) => Math.max(x, 0) ** 2,
  silu: (x) => x / (1 + Math.exp(-x)),
};

/** A number of eight binary digits, half way to even. */
function rounded(x: number): number {
  if (x === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
  const [whole, rest] = [Math.floor(x / unit), x / unit - Math.floor(x / unit)];
  return unit * (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole);
}

/** The logits of a decoder of tokens, row after row. */
export function computeLogits(modeling: Json, tensors: Tensors, ids: readonly number[]): number[] {
  const tableRow = (name: string, row: number): Row => {
    const width = modeling.tensors[name].shape.at(-1);
    return Array.from({ length: width }, (_, at) => tensors[name]![row * width + at]!);
  };
  const linear = ({ weight, bias, layout }: Json, x: Row): Row => {
    const w = tensors[weight]!;
    const outputs = w.length / x.length;
    return Array.from(
      { length: outputs },
      (_, o) =>
        sum(
          x.map((value, i) =>
            value * (layout === "out-in" ? w[o * x.length + i]! : w[i * outputs + o]!)
          ),
        ) +
        (bias === undefined ? 0 : tensors[bias]![o]!),
    );
  };
  const norm = ({ kind, eps, gain, bias }: Json, x: Row): Row => {
    const d = x.length;
    const mean = kind.startsWith("layer") ? sum(x) / d : 0;
    const z = x.map((value) => value - mean);
    const square = kind === "crms" ? (dot(x, x) + sum(x) ** 2) / (d + 1) : dot(z, z) / d;
    return z.map((value, at) => {
      const g = gain === undefined ? 1 : tensors[gain]![at]! + (kind.endsWith("-offset") ? 1 : 0);
      const b = bias === undefined ? 0 : tensors[bias]![at]!;
      return value / Math.sqrt(square + eps) * g + b;
    });
  };
  const within = (inner: Json, x: Row): Row => inner === undefined ? x : norm(inner, x);
  const speedOf = ({ width, base, speeds, beyond }: Json, p: number, places: number): number => {
    const usual = speeds?.[p] ?? base ** (-2 * p / width);
    if (beyond === undefined || places <= beyond.length) return usual;
    if (beyond.speeds !== undefined) return beyond.speeds[p];
    const growth = beyond.factor * (places / beyond.length - 1) + 1;
    return usual * growth ** (-2 * p / (width - 2));
  };
  const rotate = (rotary: Json, x: Row, t: number, places: number): Row => {
    if (rotary === undefined) return x;
    const { width, order, scale = 1 } = rotary;
    const y = [...x];
    for (let p = 0; p < width / 2; p++) {
      const [i, j] = order === "half" ? [p, p + width / 2] : [2 * p, 2 * p + 1];
      const angle = t * speedOf(rotary, p, places);
      y[i] = scale * (x[i]! * Math.cos(angle) - x[j]! * Math.sin(angle));
      y[j] = scale * (x[j]! * Math.cos(angle) + x[i]! * Math.sin(angle));
    }
    return y;
  };
  /** Queries, keys and values of a row: a list of heads each. */
  const project = (of: Json, x: Row): Readonly<Record<"q" | "k" | "v", Row[]>> => {
    const { projections, projectionNorms, heads, keyValueHeads, headWidth, clip = Infinity } = of;
    const cut = (row: Row): Row => row.map((value) => Math.max(-clip, Math.min(clip, value)));
    const split = (row: Row): Row[] =>
      Array.from(
        { length: row.length / headWidth },
        (_, at) => row.slice(at * headWidth, (at + 1) * headWidth),
      );
    if (projections.qkv === undefined) {
      const one = (which: "q" | "k" | "v"): Row[] =>
        split(cut(within(projectionNorms?.[which], linear(projections[which], x))));
      return { q: one("q"), k: one("k"), v: one("v") };
    }
    const given = linear(projections.qkv, x);
    if (projections.order === "quarters") {
      const part = given.length / 12;
      const every = (which: number): Row[] =>
        split(cut(given.filter((_, at) => Math.floor(at / part) % 3 === which)));
      return { q: every(0), k: every(2), v: every(1) };
    }
    const all = split(cut(given));
    if (projections.order === "blocks") {
      const end = heads + keyValueHeads;
      return { q: all.slice(0, heads), k: all.slice(heads, end), v: all.slice(end) };
    }
    const each = heads / keyValueHeads + 2;
    return {
      q: all.filter((_, at) => at % each < each - 2),
      k: all.filter((_, at) => at % each === each - 2),
      v: all.filter((_, at) => at % each === each - 1),
    };
  };
  const attention = (of: Json, rows: Row[], inner: Json): Row[] => {
    const { heads, keyValueHeads, scale, causal, window = Infinity, alibi, rotary, headNorms } = of;
    const capped = (score: number): number =>
      of.softcap === undefined ? score : of.softcap * Math.tanh(score / of.softcap);
    const projected = rows.map((row, t) => {
      const { q, k, v } = project(of, row);
      const ready = (which: "q" | "k") => (one: Row, head: number): Row => {
        const gains = (of.headGains?.[which] ?? []).flatMap((name: string) =>
          Array.from(tensors[name]!)
        );
        const normed = headNorms === undefined ? one : norm(headNorms[which], one);
        const scaled = normed.map((y, at) => y * (gains[head * one.length + at] ?? 1));
        return rotate(rotary, scaled, t, rows.length);
      };
      return { q: q.map(ready("q")), k: k.map(ready("k")), v };
    });
    return rows.map((_, i) => {
      const mixes = Array.from({ length: heads }, (_, h) => {
        const g = Math.floor(h * keyValueHeads / heads);
        const keys = projected.map((_, j) => j).filter((j) =>
          j > i - window && (causal ? j <= i : j < i + window)
        );
        const scores = keys.map((j) =>
          capped(scale * dot(projected[i]!.q[h]!, projected[j]!.k[g]!)) +
          (of.alibiRounding === undefined
            ? (alibi?.[h] ?? 0) * (j - i)
            : of.alibiRounding * rounded(rounded(alibi[h]) * rounded(j)))
        );
        const most = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - most));
        return keys.map((j, at) =>
          projected[j]!.v[g]!.map((one) => one * weights[at]! / sum(weights))
        )
          .reduce(plus);
      });
      return linear(of.output.linear, within(inner, mixes.flat()));
    });
  };
  const network = ({ up, gate, holdsGate, output, activation }: Json, x: Row, inner: Json): Row => {
    const act = activations[activation]!;
    const lifted = linear(up, x);
    if (holdsGate === true) {
      const [gates, others] = [lifted.slice(0, lifted.length / 2), lifted.slice(lifted.length / 2)];
      return linear(
        output.linear,
        within(inner, others.map((value, at) => value * act(gates[at]!))),
      );
    }
    if (gate === undefined) return linear(output.linear, within(inner, lifted.map(act)));
    const gates = linear(gate, x).map(act);
    return linear(output.linear, within(inner, lifted.map((value, at) => value * gates[at]!)));
  };
  /** The weights of networks, by the formulas of their routing. */
  const weightsOf = ({ top, among }: Json, scores: Row): Row => {
    const weights = scores.map(() => 0);
    const shares = (row: Row): Row => {
      const powers = row.map(Math.exp);
      return powers.map((power) => power / sum(powers));
    };
    const left = new Set(scores.keys());
    const chosen = [];
    for (let turn = 0; turn < top; turn++) {
      const e = [...left].reduce((one, other) => scores[other]! > scores[one]! ? other : one);
      if (typeof among === "number") {
        const near = [...left].filter((j) =>
          (scores[e]! - scores[j]!) / Math.max(Math.abs(scores[j]!), scores[e]!) <= 2 * among
        );
        weights[e] = shares(near.map((j) => scores[j]!))[near.indexOf(e)]!;
      }
      chosen.push(e);
      left.delete(e);
    }
    if (typeof among === "number") return weights;
    const own = among === "all" ? shares(scores) : shares(chosen.map((e) => scores[e]!));
    for (const [at, e] of chosen.entries()) weights[e] = own[among === "all" ? e : at]!;
    return weights;
  };
  /** What a mixture gives. */
  const mixture = (of: Json, x: Row): Row => {
    const weights = weightsOf(of, linear(of.router, x));
    const results = of.experts.map((one: Json, at: number) =>
      network(one, x, undefined).map((value) => value * weights[at]!)
    );
    if (of.shared !== undefined) {
      const [gate] = linear(of.shared.gate, x);
      const own = network(of.shared.network, x, undefined);
      results.push(own.map((value) => value / (1 + Math.exp(-gate!))));
    }
    return results.reduce(plus);
  };
  /** What a sub-layer gives, its norm inside applied to what its last matrix reads. */
  const sublayer = (of: Json, rows: Row[], inner: Json): Row[] =>
    of.kind === "attention"
      ? attention(of, rows, inner)
      : rows.map((row) => of.kind === "experts" ? mixture(of, row) : network(of, row, inner));
  /** The factor g of a gate, by its formula. */
  const gateFactor = (name: string): number => {
    const key = Object.keys(modeling.formulas).find((word) => word.startsWith("gate/"))!;
    const [formula] = modeling.formulas[key];
    const term = formula.split("g = ")[1].replaceAll("−", "-").replaceAll("·", "*");
    const compute = new Function("gate", "exp", "max", "tanh", `return ${term};`);
    return compute(tensors[name]![0], Math.exp, Math.max, Math.tanh);
  };
  const scaled = (factor: number, rows: Row[]): Row[] =>
    rows.map((row) => row.map((value) => factor * value));
  const added = (a: Row[], b: Row[]): Row[] => a.map((row, t) => plus(row, b[t]!));
  /** The value of an expression of sums, factors, functions and brackets. */
  const evaluate = (
    text: string,
    names: Readonly<Record<string, Row[]>>,
    functions: Readonly<Record<string, (rows: Row[]) => Row[]>>,
    factors: Readonly<Record<string, () => number>>,
  ): Row[] => {
    const words = text.match(/[\w.−]+|[()+·]/g)!;
    let at = 0;
    const sumOf = (): Row[] => {
      let total = product();
      while (words[at] === "+") {
        at++;
        total = added(total, product());
      }
      return total;
    };
    const product = (): Row[] => {
      const word = words[at++]!;
      if (words[at] === "·") {
        at++;
        return scaled(factors[word]?.() ?? Number(word), product());
      }
      if (word !== "(" && words[at] !== "(") return names[word]!;
      if (word !== "(") at++; // the bracket of a function
      const inside = sumOf();
      at++; // its end
      return word === "(" ? inside : functions[word]!(inside);
    };
    return sumOf();
  };

  const [stack] = Object.values(modeling.stacks) as Json[];
  const { width, entry, entryNorm, recenter, blocks, final, starts = [], gives } = stack;
  const { tokens, scale, projection, positions, offset, segments } = entry;
  const rows = ids.map((id, t) => {
    let x = tableRow(tokens.table, id).map((value) => value * scale);
    if (projection !== undefined) x = linear(projection.linear, x);
    if (segments !== undefined) x = plus(x, tableRow(segments.table, 0));
    if (positions !== undefined) x = plus(x, tableRow(positions.table, t + offset));
    if (entryNorm !== undefined) x = norm(entryNorm, x);
    return recenter ? x.map((value) => value - sum(x) / x.length).slice(0, width) : x;
  });
  let state: Record<string, Row[]> = { x: rows };
  for (const line of starts) {
    const [name, value] = line.split(" = ");
    state[name] = evaluate(value, state, {}, {});
  }
  for (const { branches, parallel } of blocks) {
    const start = state["x"]!;
    for (const one of branches) {
      const { norms, gate, joins } = one;
      const functions = {
        ...Object.fromEntries(
          Object.entries(norms).map(([place, of]) => [
            place,
            (x: Row[]) => x.map((row) => norm(of, row)),
          ]),
        ),
        F: (x: Row[]) => sublayer(one.sublayer, x, norms.inner),
      };
      const next = { ...state };
      if (parallel) {
        const read = start.map((row) => norm(norms.input, row));
        next["x"] = added(state["x"]!, functions.F(read));
      } else {
        for (const line of joins) {
          const [name, value] = line.split(" ← ");
          next[name] = evaluate(value, state, functions, { g: () => gateFactor(gate) });
        }
      }
      state = next;
    }
  }
  const [head] = modeling.heads;
  const normed = final === undefined
    ? (x: Row[]) => x
    : (x: Row[]) => x.map((row) => norm(final, row));
  const bent = (value: number): number => {
    const y = value * (head.scale ?? 1);
    return head.softcap === undefined ? y : head.softcap * Math.tanh(y / head.softcap);
  };
  const transformed = (x: Row): Row => {
    if (head.transform === undefined) return head.plusSum ? x.map((value) => value + sum(x)) : x;
    const { linear: map, activation, norm: own } = head.transform;
    const y = linear(map, x);
    return within(own, activation === undefined ? y : y.map(activations[activation]!));
  };
  return evaluate(gives, state, { final: normed }, {}).flatMap((read) =>
    linear(head.linear, transformed(read)).map(bent)
  );
}
