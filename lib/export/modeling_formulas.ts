// What a spec's words mean, as formulas for readers who have nothing of this library.

import type { GateActivation } from "../kernels/contract.ts";
import type { ActivationName, Entry, Head, QkvOrder, StreamNorm } from "../model/spec.ts";

/** Lines of plain text and pseudo-code. */
export type Formula = readonly string[];

/** Norms of a row x of d numbers. */
export const normFormulas: Readonly<Record<StreamNorm, Formula>> = {
  "layer": ["μ = Σx / d", "y = (x − μ) / √(Σ(x − μ)² / d + eps) · gain + bias"],
  "rms": ["y = x / √(Σx² / d + eps) · gain + bias"],
  "rms-offset": ["y = x / √(Σx² / d + eps) · (1 + gain) + bias"],
  "layer-offset": ["μ = Σx / d", "y = (x − μ) / √(Σ(x − μ)² / d + eps) · (1 + gain) + bias"],
  "crms": [
    "y = x / √((Σx² + (Σx)²) / (d + 1) + eps) · gain + bias",
    "x stands for the d + 1 numbers (x, −Σx), whose mean is 0",
  ],
  "crms-padded": [
    "y = x / √((Σx² + (Σx)²) / d + eps) · gain of the first d − 1 numbers; the last is 0 and stays it",
  ],
};

/** Linear maps of a row x. */
export const layoutFormulas: Readonly<Record<"out-in" | "in-out", Formula>> = {
  "out-in": [
    "y[o] = Σ_i weight[o, i] · x[i] + bias[o]",
    "further axes of weight are inputs, row-major",
  ],
  "in-out": ["y[o] = Σ_i x[i] · weight[i, o] + bias[o]"],
};

/** How streams start. */
export const entryFormulas: Readonly<Record<Entry["kind"], Formula>> = {
  tokens: [
    "x[t] = scale · tokens.table[id[t]] + positions.table[t + offset]    for t = 0, 1, …",
    "without positions: x[t] = scale · tokens.table[id[t]]",
    "with sinusoids, in the place of positions: sin((t + offset) · 10000^(−p / steps)) for p = 0 … width/2 − 1, then the cosines",
    "with padding: t counts the tokens of other ids alone; those of that id take the row offset − 1, or zeros in the place of sinusoids",
    "with projection: projection.linear(scale · tokens.table[id[t]]) in place of that row",
    "with masked: the row of a token t is multiplied by 0 where id[t] = masked.token, else by (1 − masked.share) / (1 − the share of the t " +
    "with that token)",
    "with segments: x[t] += segments.table[0]",
    "with source, id are the tokens of the source; else those of the text",
  ],
  patches: [
    "cut the image [channels, H, W] into squares of patchSize, row by row, with stride every so many rows and columns; flatten each " +
    "from [channels, patchSize, patchSize]",
    "a spectrogram [T, F] is an image of one channel, F × T; of a video each frames.together frames are an image, whose squares are " +
    "flattened from [channels, frames.together, patchSize, patchSize]",
    "x = before, then patches(square) of each; add positions.table: to all rows where it has as many, else to those of the squares",
    "with sinusoids: add to square t sin(t · 10000^(−2p / width)) at 2p and cos of the same at 2p + 1",
    "registers follow the first row, after positions are added; mask is not read",
  ],
  audio: [
    "x[t] is frame t of the features [channels, F], or sample t of the waveform [F]; convolutions change it one after the other, then " +
    "norm and projection; without what entry has not",
    "a convolution: y[t, o] = bias[o] + Σ_c Σ_k weight[o, c, k] · x[stride · t + k − padding[0], c], x being 0 outside; with groups " +
    "only the c of o's part, numbered in that part; then norm and activation; overTime: norm is that of each o over all t",
    "with lengths: weight[·, ·, k] is multiplied by lengths[k] / √Σ weight[·, ·, k]²",
    "x[t] += positions.table[t], or x += what positionConvolutions make of x",
  ],
  "patches-and-tokens": ["x = the rows of patches, then those of tokens"],
};

/** How one matrix holds queries, keys and values. */
export const orderFormulas: Readonly<Record<QkvOrder, Formula>> = {
  blocks: [
    "outputs of qkv: all queries (heads · headWidth), all keys, all values (keyValueHeads · headWidth each)",
  ],
  heads: ["outputs of qkv: for each head its query, its key, its value (headWidth each)"],
  groups: [
    "outputs of qkv: for each key-value head its heads / keyValueHeads queries, its key, its value (headWidth each)",
  ],
  quarters: [
    "outputs of qkv: in four equal parts, each a quarter of the queries, a quarter of the values, a quarter of the keys; the quarters " +
    "of each are put side by side",
  ],
};

/** Attention as a whole; its parts are left out where a model has none of them. */
export const attentionFormula: Formula = [
  "q, k, v = the projections of what attention reads; head h has the numbers h · headWidth … (h + 1) · headWidth − 1 of q",
  "with memory: k and v are projections of that stack's final norm; one matrix qkv is applied to both",
  "head h reads key-value head g = floor(h · keyValueHeads / heads)",
  "score[i, j] = scale · (q_h[i] · k_g[j])    for query i and key j",
  "causal: only keys j ≤ i count",
  "weight[i, ·] = softmax of score[i, ·] over the keys that count",
  "mix_h[i] = Σ_j weight[i, j] · v_g[j]",
  "result[i] = output.linear(mix_0[i], mix_1[i], … side by side)",
];

/** What attention may have besides. */
export const attentionParts = {
  "projectionNorms": [
    "all numbers of q and all of k are normalized by projectionNorms.q and projectionNorms.k, before all else",
  ],
  "clip": ["q, k and v are cut to ± clip before heads are normalized and turn"],
  "headNorms": [
    "each head's q and k is normalized by headNorms.q and headNorms.k, before it turns",
  ],
  "headGains": [
    "behind those norms q and k are multiplied, number by number, by the vectors of headGains.q and of headGains.k, side by side",
  ],
  "window": [
    "only keys j > i − window count, and where it is not causal, of those only j < i + window",
  ],
  "relative": [
    "score[i, j] += relative.table[place(i, j), h]; place of a grid: token 0 is the class token, the others are patches in rows and columns; " +
    "of two patches (row_i − row_j + rows − 1) · (2 columns − 1) + column_i − column_j + columns − 1; n = (2 rows − 1) · (2 columns − 1) " +
    "for i = 0, n + 1 for j = 0, n + 2 for both",
    "place of ranges, d = j − i, m = count / 2, e = m / 2: (d > 0 ? m : 0) + (|d| < e ? |d| : min(m − 1, floor(e + (m − e) · " +
    "ln(|d| / e) / ln(farthest / e)))); with behind m = count, and d > 0 has the place 0",
    "with gate the table's number is multiplied by a (b c − 1) + 2: of what gate.linear makes of head h's numbers of row i that attention " +
    "reads, a = sigmoid(sum of the first half), b = sigmoid(sum of the last half), c = gate.constants[h]",
  ],
  "softcap": ["score ← softcap · tanh(score / softcap), before anything is added"],
  "alibi": ["score[i, j] += alibi[h] · (j − i)"],
  "alibiRounding": [
    "with alibiRounding that is score[i, j] += alibiRounding · r(r(alibi[h]) · r(j)) instead; r rounds to bfloat16, half way to even",
  ],
} as const satisfies Readonly<Record<string, Formula>>;

/** Rotary positions. */
export const rotaryFormulas: Readonly<Record<"half" | "pairs", Formula>> = {
  half: [
    "the first width numbers of each head's q and k turn; θ(t, p) = t · base^(−2p / width), p = 0 … width/2 − 1",
    "(a, b) = (x[p], x[p + width/2]) → (a cos θ − b sin θ, b cos θ + a sin θ)",
  ],
  pairs: [
    "the first width numbers of each head's q and k turn; θ(t, p) = t · base^(−2p / width), p = 0 … width/2 − 1",
    "(a, b) = (x[2p], x[2p + 1]) → (a cos θ − b sin θ, b cos θ + a sin θ)",
  ],
};

/** What rotary positions may have besides. */
export const rotaryParts = {
  "speeds": ["θ(t, p) = t · speeds[p] in place of t · base^(−2p / width)"],
  "scale": ["the first width numbers are multiplied by scale as well"],
  "grid": [
    "the first grid.before tokens do not turn, the others are patches of grid.rows and grid.columns, row by row; u = 2 (row + 1/2) / rows − 1 " +
    "for p < width/4, else u = 2 (column + 1/2) / columns − 1; θ(t, p) = 2π u base^(−4 (p mod width/4) / width)",
  ],
  "beyond": [
    "where more than beyond.length places T are read: θ(t, p) = t · beyond.speeds[p]; with beyond.factor instead, θ(t, p) is multiplied " +
    "by (beyond.factor · (T / beyond.length − 1) + 1)^(−2p / (width − 2))",
  ],
} as const satisfies Readonly<Record<string, Formula>>;

/** The functions of feed-forward networks. */
export const activationFormulas: Readonly<Record<ActivationName, Formula>> = {
  gelu: ["act(x) = x · (1 + erf(x / √2)) / 2"],
  gelu_new: ["act(x) = x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2"],
  relu: ["act(x) = max(x, 0)"],
  relu2: ["act(x) = max(x, 0)²"],
  silu: ["act(x) = x / (1 + exp(−x))"],
  quick_gelu: ["act(x) = x / (1 + exp(−1.702 x))"],
  tanh: ["act(x) = tanh(x)"],
};

/** Feed-forward networks. */
export const networkFormulas = {
  "experts": ["with kind experts: result = Σ_e p[e] · result of experts[e]"],
  "chosen": ["p = softmax of the top largest of s = router(x), 0 for the others"],
  "all": [
    "with among all: p = softmax of s = router(x), with 0 in the place of all but the top largest",
  ],
  "sparse": [
    "with a number among: p = 0; top times: e = the largest s = router(x) among those that are left; of those that are left with " +
    "(s[e] − s[j]) / max(|s[j]|, s[e]) ≤ 2 · among the softmax of s, p[e] = its number at e; e is left no more",
  ],
  "shared": ["result += sigmoid(shared.gate(x)) · result of shared.network"],
  "plain": ["result = output.linear(act(up(x)))"],
  "gated": ["result = output.linear(act(gate(x)) ⊙ up(x))"],
  "holdsGate": [
    "result = output.linear(act(a) ⊙ b), where a is the first half of the numbers up(x) and b the second",
  ],
} as const satisfies Readonly<Record<string, Formula>>;

/** How branches join the streams. */
export const blockFormulas = {
  "joins": [
    "for each branch in order, what joins says: all its lines at once, of the values before",
    "F is the sub-layer; input, output, stream and final are the norms of that name; constants are written out",
  ],
  "unnormed": ["where a branch says so, input(x) is x itself"],
  "rows": ["a branch with rows reads and changes the rows of patches, or of tokens, alone"],
  "parallel": ["x ← x + Σ F(input(x)) over the branches, all of the same x"],
  "inner": ["the norm inner is applied to what output.linear reads"],
  "weights": ["a name in joins that is no stream and no norm is the learned number in weights"],
  "scale": ["what output.linear gives is multiplied by output.scale, number by number"],
  "finalOfMean": ["final reads the mean of the rows of the squares, in the place of all rows"],
  "recenter": ["where the layers start: x ← x − Σx / d"],
  "recenter-cut": [
    "where the layers start: x ← x − Σx / d over all d numbers, then the last is left out",
  ],
  "starts": ["streams besides x start as starts says, where the layers start"],
} as const satisfies Readonly<Record<string, Formula>>;

/** The factor g of a branch with a gate. */
export const gateFormulas: Readonly<Record<GateActivation, Formula>> = {
  "silu": ["g = 1 − gate / (1 + exp(−gate))"],
  "identity": ["g = 1 − gate"],
  "relu": ["g = 1 − max(gate, 0)"],
  "tanh": ["g = 1 − tanh(gate)"],
  "leaky-relu": ["g = 1 − max(gate, 0.01 · gate)"],
  "scaled-silu": ["g = 1 − gate / (1 + exp(−8 · gate))"],
};

/** Which rows of a final norm heads read. */
export const headFormulas: Readonly<
  Record<
    "norm" | Head["reads"] | "plusSum" | "transform" | "pool" | "activation" | "scale" | "softcap",
    Formula
  >
> = {
  "all": ["output[t] = linear(n[t]) for each row n[t] of the final norm"],
  "patches": [
    "output[t] = linear(n[t]) for each row n[t] of the squares",
  ],
  "tokens": [
    "output[t] = linear(n[t]) for each row n[t] of the tokens, which stand behind the patches",
  ],
  "first": ["output = linear(n[0])"],
  "second": ["output = linear(n[1])"],
  "last": [
    "output = linear(n[t]) at the last t; with padToken at the last t where id[t] ≠ padToken, or at 0",
  ],
  "end": [
    "output = linear(n[t]) at the first t where id[t] = endToken; without endToken where id[t] is largest",
  ],
  "source-end": ["output = linear(n[t]) at the last t where the encoder's id[t] = endToken"],
  "mean": ["output = linear(the mean of all rows of n)"],
  "late": ["output = the mean over all rows n[t] of linear(n[t]), with all that is done besides"],
  "patch-mean": ["output = linear(the mean of the rows of the squares)"],
  "first-and-mean": ["output = linear(n[0] beside the mean of the rows of the squares)"],
  "first-two": ["output = linear((n[0] + n[1]) / 2)"],
  "norm": ["before all else, the rows that are read are replaced by norm of them"],
  "plusSum": ["n is replaced by n + Σn, the sum of its row added to each number"],
  "transform": ["n is replaced by norm(act(transform.linear(n))), without what transform has not"],
  "pool": [
    "x = pool.attention of the query pool.probe.table and of keys and values n; output = x + pool.network(pool.norm(x))",
  ],
  "activation": ["output ← act(output)"],
  "scale": ["output ← scale · output"],
  "softcap": ["output ← softcap · tanh(output / softcap)"],
};
