/**
 * Faults that somebody could make in the library, each a few words of its text, and the notebooks whose checks are to see it. A
 * notebook that sees none of them checks nothing.
 */

/** A place in a file and what is written there instead. */
export interface Edit {
  /** The file in the checkout. */
  readonly file: string;
  /** What stands there now, once. */
  readonly find: string;
  /** What is written instead. */
  readonly replace: string;
}

/** A fault. */
export interface Mutation {
  /** What is wrong then. */
  readonly name: string;
  /** What is written elsewhere to make it so. */
  readonly edits: readonly Edit[];
  /** The notebooks that are to see it, by the number that their names begin with; the first one is quickest. */
  readonly seenBy: readonly string[];
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

const variants = (find: string, replace: string): Edit =>
  edit("lib/residual/variants.ts", find, replace);

const kernels = "lib/kernels/wasm";
const float64 = "lib/interpret/float64.ts";

/** The faults: equations of variants, how they start, norms, GPAS, attention, the optimizer, conversions. */
export const mutations: readonly Mutation[] = [
  {
    name: "DeepNorm's α stands on the branch",
    edits: [variants("add(scale(alpha, x), f(x))", "add(x, scale(alpha, f(x)))")],
    seenBy: ["00", "09"],
  },
  {
    name: "DeepNorm's α is the square root of 2N",
    edits: [variants("alpha: (2 * depth) ** 0.25", "alpha: (2 * depth) ** 0.5")],
    seenBy: ["00", "09"],
  },
  {
    name: "DeepNorm's β is forgotten",
    edits: [variants("gain: (site) => deepNormScale(site).beta", "gain: () => 1")],
    seenBy: ["09"],
  },
  {
    name: "DeepNorm's β is on the queries and keys too",
    edits: [
      edit(
        "lib/transformer/layers.ts",
        '["wv", "wo", "w1", "w2"].includes(name)',
        '["wq", "wk", "wv", "wo", "w1", "w2"].includes(name)',
      ),
    ],
    seenBy: ["09"],
  },
  {
    name: "Sub-LN's γ is √ln N",
    edits: [variants("Math.sqrt(Math.log(2 * depth));", "Math.sqrt(Math.log(depth));")],
    seenBy: ["02"],
  },
  {
    name: "Sub-LN's inner norm is dropped",
    edits: [variants("f(n.input(x), n.inner)", "f(n.input(x))")],
    seenBy: ["00", "02"],
  },
  {
    name: "Pre-LN's norm stands behind the addition",
    edits: [
      variants(
        'gate: "sum",\n    update: ({ add }, x, f, n) => add(x, f(n.input(x))),\n  }),\n};\n\n/** Those',
        'gate: "sum",\n    update: ({ add }, x, f, n) => n.input(add(x, f(x))),\n  }),\n};\n\n/** Those',
      ),
    ],
    seenBy: ["00", "01"],
  },
  {
    name: "Pre-LN has no final norm",
    edits: [
      variants(
        'f_l(\\mathrm{LN}(x_l))`,\n  ends: ["final"],\n  init: { base: "xavier" },',
        'f_l(\\mathrm{LN}(x_l))`,\n  ends: [],\n  init: { base: "xavier" },',
      ),
    ],
    seenBy: ["02"],
  },
  {
    name: "Post-LN has no norm",
    edits: [
      variants(
        'f_l(x_l))`,\n  ends: [],\n  init: { base: "xavier" },\n  wiring: () => ({\n    norms: ["stream"],\n    gate: "shortcut",\n    update: ({ add }, x, f, n) => n.stream(add(x, f(x))),',
        'f_l(x_l))`,\n  ends: [],\n  init: { base: "xavier" },\n  wiring: () => ({\n    norms: ["stream"],\n    gate: "shortcut",\n    update: ({ add }, x, f) => add(x, f(x)),',
      ),
    ],
    seenBy: ["00", "01"],
  },
  {
    name: "ResiDual's second stack is dropped",
    edits: [
      variants(
        "finish: ({ add }, [x, dual], final) => add(x, final(dual!)),",
        "finish: (_, [x]) => x,",
      ),
    ],
    seenBy: ["03"],
  },
  {
    name: "ResiDual's second stack sums the normed stream",
    edits: [
      variants(
        "[n.stream(add(x, y)), add(dual!, y)]",
        "[n.stream(add(x, y)), add(dual!, n.stream(add(x, y)))]",
      ),
    ],
    seenBy: ["03"],
  },
  {
    name: "Peri-LN's output norm is dropped",
    edits: [variants("add(x, n.output(f(n.input(x))))", "add(x, f(n.input(x)))")],
    seenBy: ["00", "06"],
  },
  {
    name: "Mix-LN is Post-LN in half of its layers",
    edits: [variants("Math.floor(site.depth / 4)", "Math.floor(site.depth / 2)")],
    seenBy: ["00", "06"],
  },
  {
    name: "LNS divides by the root of the layer behind",
    edits: [variants("scale(layer ** -0.5, n.input(x))", "scale((layer + 1) ** -0.5, n.input(x))")],
    seenBy: ["00", "06"],
  },
  {
    name: "layers are counted from 0 where they run",
    edits: [
      edit(
        "lib/model/spec.ts",
        "    layer,\n    depth: spec.stacks",
        "    layer: layer - 1,\n    depth: spec.stacks",
      ),
    ],
    seenBy: ["06"],
  },
  {
    name: "ε stands outside of the root",
    edits: [
      edit(
        float64,
        "Math.sqrt(sumOfSquares(row) / row.length + eps)",
        "Math.sqrt(sumOfSquares(row) / row.length) + eps",
      ),
      edit(
        `${kernels}/source/norm_statistics.ts`,
        "1 / sqrt<f32>(completed * share + eps)",
        "1 / (sqrt<f32>(completed * share) + eps)",
      ),
      edit(
        `${kernels}/source/norm_statistics.ts`,
        "1 / sqrt<f32>(meanSquare - square + eps)",
        "1 / (sqrt<f32>(meanSquare - square) + eps)",
      ),
      edit(
        `${kernels}/source/norm_four.ts`,
        "f32x4.sqrt(f32x4.add(meanSquare, f32x4.splat(eps)))",
        "f32x4.add(f32x4.sqrt(meanSquare), f32x4.splat(eps))",
      ),
    ],
    seenBy: ["04"],
  },
  {
    name: "LayerNorm keeps the mean",
    edits: [
      edit(`${kernels}/norm.ts`, '"layer": 0,', '"layer": 1,'),
      edit(float64, "(value) => value - mean)", "(value) => value)"),
    ],
    seenBy: ["00", "04"],
  },
  {
    name: "CRMSNorm divides by its own width",
    edits: [
      edit(`${kernels}/norm.ts`, "? width + 1 : width", "? width : width"),
      edit(float64, "/ (row.length + 1) + eps", "/ row.length + eps"),
    ],
    seenBy: ["04"],
  },
  {
    name: "centering takes means along the other axis",
    edits: [
      edit(
        "lib/convert/lazy_matrix.ts",
        'if (axis === "columns") return subtractMean;\n    const means',
        'if (axis !== "columns") return subtractMean;\n    const means',
      ),
    ],
    seenBy: ["04"],
  },
  {
    name: "folded gains multiply the outputs of the map",
    edits: [
      edit(
        "lib/convert/fold_norms.ts",
        "(matrix) => scaleAlong(matrix, axis, gain)",
        '(matrix) => scaleAlong(matrix, axis === "rows" ? "columns" : "rows", gain)',
      ),
    ],
    seenBy: ["04"],
  },
  {
    name: "GPAS adds what it is to take away",
    edits: [edit(`${kernels}/gpas.ts`, "const kept = 1 - gates", "const kept = 1 + gates")],
    seenBy: ["00", "05"],
  },
  {
    name: "GPAS does not stop the gradient",
    edits: [
      edit(
        "lib/ops/gpas.ts",
        "gradient: ([dy], [x, gate], attributes) => [\n    dy!.clone(),",
        'gradient: ([dy], [x, gate], attributes) => [\n    callKernel("NormkitGpas", [dy!, gate!], attributes)[0]!,',
      ),
    ],
    seenBy: ["00", "05"],
  },
  {
    name: "the gate's gradient has the other sign",
    edits: [
      edit(`${kernels}/gpas.ts`, "scalarTensor(-slope * along)", "scalarTensor(slope * along)"),
    ],
    seenBy: ["05"],
  },
  {
    name: "GPAS scales what a branch reads",
    edits: [
      edit(
        "lib/residual/gpas.ts",
        "w.update(algebra, n.gpas(x), (_, inner) => f(x, inner), n)",
        "w.update(algebra, n.gpas(x), f, n)",
      ),
    ],
    seenBy: ["00", "05"],
  },
  {
    name: "a query sees the key behind it",
    edits: [
      edit(
        `${kernels}/source/attention_block.ts`,
        "min(counted, query + ahead + 1)",
        "min(counted, query + ahead + 2)",
      ),
      edit(`${kernels}/source/attention_block.ts`, "splat(key - ahead)", "splat(key - ahead - 1)"),
    ],
    seenBy: ["00", "03"],
  },
  {
    name: "attention's scores are not scaled",
    edits: [edit("lib/transformer/layers.ts", "scale: headWidth ** -0.5,", "scale: 1,")],
    seenBy: ["00", "03"],
  },
  {
    name: "AdamW does not correct its moments",
    edits: [
      edit(
        `${kernels}/optimizer.ts`,
        "[rate / (1 - beta1 ** step), (1 - beta2 ** step) ** -0.5, eps]",
        "[rate, 1, eps]",
      ),
    ],
    seenBy: ["00", "03"],
  },
  {
    name: "RAdam does not rectify",
    edits: [
      edit(
        "lib/train/optimizer.ts",
        'kind === "radam" ? rectification(step, beta2) : 1',
        'kind === "radam" ? 1 : 1',
      ),
    ],
    seenBy: ["01"],
  },
  {
    name: "the warm-up begins at the full rate",
    edits: [edit("lib/train/schedule.ts", "peak * step / warmup : shape", "peak : shape")],
    seenBy: ["01"],
  },
];
