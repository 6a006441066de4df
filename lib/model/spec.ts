// What a model is, as data: where each matrix that reads or writes the residual stream lies, each norm, bias and embedding, what is
// computed in between, and the residual variant that joins it. A family makes it from its configuration; conversions change it; the
// forward pass runs it.

import type { NormPlace, Residual, Role, Site } from "../residual/types.ts";

/** A linear map y = op(W) x + b as it is stored. A bias that the checkpoint does not hold is 0. */
export interface Linear {
  /** The matrix's name. */
  readonly weight: string;
  /** The bias's name; there need not be such a tensor. */
  readonly bias: string;
  /**
   * `out-in`: a row for each output (torch's Linear; a convolution's kernel, whose other axes are the inputs). `in-out`: a row for
   * each input (GPT-2's Conv1D, TensorFlow).
   */
  readonly layout: "out-in" | "in-out";
}

/**
 * The norms of a stream. `rms-offset` (Gemma) and `layer-offset` (Nemotron) multiply by 1 + gain. `crms` reads d − 1 values. `crms-padded` reads d, the last of which
 * is 0 and stays it.
 */
export type StreamNorm = "layer" | "layer-offset" | "rms" | "rms-offset" | "crms" | "crms-padded";

/** Norms that multiply by 1 + gain, and what they are otherwise. */
const offsetNorms = { "rms-offset": "rms", "layer-offset": "layer" } as const;

/** Norms that multiply by 1 + gain. */
type OffsetNorm = keyof typeof offsetNorms;

/** Whether a norm multiplies by 1 + gain. */
export function hasOffset(kind: StreamNorm): kind is OffsetNorm {
  return kind in offsetNorms;
}

/** The norm of a kind whose gain is all that it multiplies by. */
export function withoutOffset(kind: StreamNorm): Exclude<StreamNorm, OffsetNorm> {
  return hasOffset(kind) ? offsetNorms[kind] : kind;
}

/** A norm with its parameters. A gain that the checkpoint does not hold is 1, a bias 0. */
export interface NormSpec {
  /** Which norm. */
  readonly kind: StreamNorm;
  /** ε inside the root. */
  readonly eps: number;
  /** The gain's name. */
  readonly gain: string;
  /** The bias's name. */
  readonly bias: string;
}

/** Vectors of the stream, the last axis: token or position embeddings, a class token. */
export interface Table {
  /** The table's name. */
  readonly table: string;
}

/** A linear map that writes to the stream. */
export interface Writer {
  /** The map. */
  readonly linear: Linear;
  /** The name of the vector that its output is multiplied by (LayerScale); there need not be such a tensor. */
  readonly scale?: string;
}

/** Rotary positions: the first `width` coordinates of a head turn. */
export interface Rotary {
  /** The number of coordinates that turn. */
  readonly width: number;
  /** The base of the wavelengths. */
  readonly base: number;
  /** `half`: coordinate i turns with i + width/2 (NeoX, Llama). `pairs`: 2i with 2i + 1 (GPT-J). */
  readonly order: "half" | "pairs";
  /** By how many radians each pair turns from place to place, where that is not base^(−2p/width): positions that are stretched. */
  readonly speeds?: readonly number[];
  /** What turns is multiplied by this (YaRN, LongRoPE). */
  readonly scale?: number;
  /**
   * Places are those of patches in rows and columns behind `before` tokens, which do not turn: from −1 to 1 from edge to edge, times 2π.
   * The first half of the pairs turns with the row, the second with the column, both at speeds base^(−4p/width) (DINOv3).
   */
  readonly grid?: { readonly rows: number; readonly columns: number; readonly before: number };
  /**
   * Inputs of more than `length` places turn otherwise: with other speeds (LongRoPE), or with a base that grows (dynamic NTK), so that
   * a speed is multiplied by (factor (places / length − 1) + 1)^(−2p/(width − 2)).
   */
  readonly beyond?:
    & { readonly length: number }
    & (
      | { readonly speeds: readonly number[] }
      | { readonly factor: number }
    );
}

/** How one matrix holds queries, keys and values. H heads, G key-value heads, K their width; the outputs in their order. */
export type QkvOrder =
  /** All queries, all keys, all values: H·K + G·K + G·K (GPT-2, MPT, Phi-3, Falcon's multi-query). */
  | "blocks"
  /** For each head its query, key and value: H × 3 × K (NeoX, BLOOM). */
  | "heads"
  /** For each key-value head its H/G queries, its key, its value (Falcon's new architecture). */
  | "groups"
  /** For each of four parts a quarter of the queries, of the values, of the keys (CodeGen). */
  | "quarters";

/** Learned numbers of places that a key has to its query: a row of a table for each, with a number for each head. */
export interface Relative {
  /** The table, [places, heads]. */
  readonly table: Table;
  /**
   * `ranges`: `count` places by the distance, half of them ahead, near ones each and those up to `farthest` in growing ranges (T5,
   * WavLM). `grid`: the rows and columns between two patches of an image, and the class token before them (BEiT).
   */
  readonly places:
    | {
      readonly kind: "ranges";
      readonly count: number;
      readonly farthest: number;
      /** Whether all places are of distances behind (T5's decoder). */
      readonly behind?: boolean;
    }
    | { readonly kind: "grid"; readonly rows: number; readonly columns: number };
  /**
   * Each head's numbers are multiplied by a (b c − 1) + 2 for each query (WavLM): a and b are sigmoids of the sums of the first and the
   * last half of what `linear` makes of the head's part of what attention reads, c is the head's constant.
   */
  readonly gate?: { readonly linear: Linear; readonly constants: string };
}

/** Multi-head attention. */
export interface Attention {
  /** What it is. */
  readonly kind: "attention";
  /** Query, key and value projections, or one that holds all three. */
  readonly projections:
    | { readonly q: Linear; readonly k: Linear; readonly v: Linear }
    | { readonly qkv: Linear; readonly order: QkvOrder };
  /** The map that writes to the stream. */
  readonly output: Writer;
  /** The number of heads H. */
  readonly heads: number;
  /** Key-value heads; fewer than heads in grouped-query attention. */
  readonly keyValueHeads: number;
  /** The width K of a head. */
  readonly headWidth: number;
  /** Multiplies q · k. */
  readonly scale: number;
  /** Whether a token sees itself and those before it only. */
  readonly causal: boolean;
  /** How heads turn with their place. */
  readonly rotary?: Rotary;
  /** Slope · distance is added to the scores (BLOOM, MPT), one slope for each head. */
  readonly alibi?: readonly number[];
  /**
   * The factor of ALiBi that is rounded to bfloat16, as transformers rounds Falcon's: r(r(slope) · r(place of the key)) times this is
   * added, in the place of slope · distance.
   */
  readonly alibiRounding?: number;
  /** What is added to the scores by where a key stands from its query (BEiT, WavLM). */
  readonly relative?: Relative;
  /** Only so many keys back, the query's own among them (GPT-Neo's local layers, Mistral); as many ahead where it is not causal (ModernBERT). */
  readonly window?: number;
  /** Norms of all queries and of all keys of a token, heads side by side, before anything else (OLMo-2). */
  readonly projectionNorms?: { readonly q: NormSpec; readonly k: NormSpec };
  /** Queries, keys and values are cut to ± this (OLMo, MPT). */
  readonly clip?: number;
  /** Norms of each head's query and key (Qwen3). */
  readonly headNorms?: { readonly q: NormSpec; readonly k: NormSpec };
  /** Vectors that multiply all queries and all keys behind those norms, side by side: gains of each head's own (Cohere, StableLM). */
  readonly headGains?: { readonly q: readonly string[]; readonly k: readonly string[] };
  /** Scores are bent to ± this, c tanh(score / c) (Gemma 2). */
  readonly softcap?: number;
  /** Keys and values come from this stack's final norm instead of this stream (cross-attention). */
  readonly memory?: string;
}

/** The functions of a feed-forward network, by transformers' names. */
export type ActivationName =
  | "gelu"
  | "gelu_new"
  | "relu"
  | "relu2"
  | "silu"
  | "quick_gelu"
  | "tanh";

/** A feed-forward network: output · act(up x), or output · (act(gate x) ⊙ up x). */
export interface FeedForward {
  /** What it is. */
  readonly kind: "feedForward";
  /** The map into the hidden layer. */
  readonly up: Linear;
  /** The gate's map, where there is one. */
  readonly gate?: Linear;
  /** Whether `up` gives the gate's numbers, then as many of its own (Phi-3, ModernBERT, DINOv2-giant). */
  readonly holdsGate?: boolean;
  /** The map that writes to the stream. */
  readonly output: Writer;
  /** The function of the hidden layer, or of the gate. */
  readonly activation: ActivationName;
}

/** How scores of networks become weights. */
export interface Routing {
  /** How many have weights other than 0: those whose scores are largest. */
  readonly top: number;
  /**
   * Whose scores the softmax is of: those of the chosen unless told, or `all` (OLMoE). A number is SparseMixer's (Phi-MoE): the networks
   * are chosen one after the other, and the weight of each is its share among those that are left and whose scores are less than twice
   * this, relative to the larger magnitude, below its own.
   */
  readonly among?: "all" | number;
}

/** A mixture of networks: of each row the sum of those whose scores are largest, by weights. */
export interface Experts extends Routing {
  /** What it is. */
  readonly kind: "experts";
  /** The map that gives the scores, one for each network. */
  readonly router: Linear;
  /** The networks. */
  readonly experts: readonly FeedForward[];
  /** A network that all rows have, times the sigmoid of what a map of one output gives (Qwen2-MoE). */
  readonly shared?: { readonly network: FeedForward; readonly gate: Linear };
}

/** What rows stand for in a stream that starts with both. */
export type RowKind = "patches" | "tokens";

/** A sub-layer with the norms and learned numbers that the stack's residual variant wants around it. */
export interface Branch {
  /** Which sub-layer of its layer it is. */
  readonly role: Role;
  /** The norms that the variant's wiring names, by where they stand. */
  readonly norms: { readonly [place in NormPlace]?: NormSpec };
  /** Whether it reads the stream without a norm, whatever the variant says (ModernBERT's first attention). */
  readonly unnormed?: boolean;
  /** Which rows it acts on; all by default. One for patches, and behind it one for tokens, are the experts of their modality (BEiT-3). */
  readonly rows?: RowKind;
  /** What is computed. */
  readonly sublayer: Attention | FeedForward | Experts;
  /** The name of the GPAS gate, a scalar, where the variant has gates. */
  readonly gate?: string;
  /** The names of the learned scalars that the wiring wants, where it wants some. */
  readonly weights?: Readonly<Record<string, string>>;
}

/** One layer. */
export interface Block {
  /** What is added to the stream, in order. */
  readonly branches: readonly Branch[];
  /** Whether all branches read the stream at the start of the layer (GPT-J, NeoX); else each reads what the one before left. */
  readonly parallel: boolean;
}

/** The branches of a layer in the order in which they join the stream: one that acts on all rows, or one for patches and one for tokens. */
export function turnsOf({ branches }: Block): readonly (readonly [Branch, ...Branch[]])[] {
  return branches.flatMap((branch, at): [Branch, ...Branch[]][] =>
    branch.rows === "tokens"
      ? []
      : branch.rows === undefined
      ? [[branch]]
      : [[branch, branches[at + 1]!]]
  );
}

/** A convolution along time, and what is done behind it. */
export interface Convolution {
  /** Its kernel, [outputs, inputs / groups, width]. */
  readonly linear: Linear;
  /** How many frames an output is computed of. */
  readonly width: number;
  /** Every how many frames there is an output. */
  readonly stride: number;
  /** Zeros before the first frame and behind the last. */
  readonly padding: readonly [before: number, behind: number];
  /** In how many parts inputs and outputs fall, each part of outputs computed of its part of inputs. */
  readonly groups: number;
  /** The name of the lengths of the kernel's slices for each of its frames; the kernel is their directions then (weight normalization). */
  readonly lengths?: string;
  /** A norm of each frame, or of each channel over time (GroupNorm of one channel each). */
  readonly norm?: NormSpec;
  /** Whether the norm is over time. */
  readonly overTime?: boolean;
  /** The function that comes last. */
  readonly activation: ActivationName;
}

/** Positions that are computed: place t has the sines and then the cosines of t · 10000^(−p/steps), p = 0 … width/2 − 1. */
export interface Sinusoids {
  /** width/2 (Marian, Pegasus), or one less (fairseq). */
  readonly steps: number;
}

/** What starts a stream. */
export type Entry =
  /** Token embeddings times `scale`, plus position embeddings: position t takes the row t + `offset`. */
  | {
    readonly kind: "tokens";
    readonly tokens: Table;
    /** The name of the table that it has in the place of one which stacks and head share, once the head has its own (BART). */
    readonly untied?: string;
    /** The token whose row is not trained where it is looked up: padding, with which some decoders start (Marian, Pegasus, Blenderbot). */
    readonly untrained?: number;
    readonly scale: number;
    /** Where the rows of `tokens` are narrower than the stream: their width, and the map into it (OPT-350m). */
    readonly projection?: { readonly width: number; readonly linear: Linear };
    readonly positions?: Table;
    /** Computed positions in the place of those: token t has the place t + `offset`. */
    readonly sinusoids?: Sinusoids;
    readonly offset: number;
    /** Tokens of this id are not counted: each has the row before the first one's, and computed positions of 0 (RoBERTa, M2M100). */
    readonly padding?: number;
    /** Segment embeddings, of which the first is added to every token: one text, not a pair (BERT). */
    readonly segments?: Table;
    /** Rows of this token are 0, and the others are multiplied by (1 − share) / (1 − the share that it has in the input) (ESM). */
    readonly masked?: { readonly token: number; readonly share: number };
    /** Whether it reads what a decoder is to answer, beside that decoder's own tokens (BART's encoder). */
    readonly source?: boolean;
  }
  /** A linear map of patches (a convolution) behind single tokens, plus position embeddings. */
  | {
    readonly kind: "patches";
    /** What is cut: images unless given. */
    readonly input?: "pixels" | "video" | "spectrogram";
    readonly patches: Linear;
    /** Height and width of a patch. */
    readonly patchSize: number;
    /** How far patches stand apart, down and across, where that is not their size (AST). */
    readonly stride?: readonly [down: number, across: number];
    readonly channels: number;
    /** Height and width of an image; of a spectrogram its frequencies and its frames. */
    readonly imageSize: readonly [height: number, width: number];
    /** The frames of a video, and how many of them a patch spans; it is cut frame by frame. */
    readonly frames?: { readonly count: number; readonly together: number };
    /** Class, distillation and register tokens, in order. */
    readonly before: readonly Table[];
    /** After the position embeddings: register tokens of DINOv2. */
    readonly registers?: Table;
    /** What stands in for the map of patches that are to be guessed, where the input says that some are. */
    readonly mask?: Table;
    /** The positions of patches, which may cover the tokens in `before` too. */
    readonly positions?: Table;
    /** Whether positions are computed: sines and cosines in turn of t · 10000^(−2p/width) (VideoMAE). */
    readonly sinusoids?: boolean;
  }
  /** Convolutions of a sound, plus positions. */
  | {
    readonly kind: "audio";
    /** What it reads: features of many channels (Whisper), or the samples of a waveform, which is one channel (wav2vec 2.0). */
    readonly input: "features" | "waveform";
    readonly channels: number;
    /** One after the other. */
    readonly convolutions: readonly Convolution[];
    /** A map of each frame behind a norm, both where there are some. */
    readonly norm?: NormSpec;
    readonly projection?: Linear;
    /** Position embeddings. */
    readonly positions?: Table;
    /** What they make of the frames, one after the other, is added to the frames in the place of position embeddings. */
    readonly positionConvolutions?: readonly Convolution[];
  }
  /** Patches and behind them tokens, as one sequence (BEiT-3). */
  | {
    readonly kind: "patches-and-tokens";
    readonly patches: Extract<Entry, { readonly kind: "patches" }>;
    readonly tokens: Extract<Entry, { readonly kind: "tokens" }>;
  };

/** An entry that reads one input. */
export type SingleEntry = Exclude<Entry, { readonly kind: "patches-and-tokens" }>;

/** The entries that a stream starts with, one behind the other. */
export function entriesOf({ entry }: Pick<Stack, "entry">): readonly SingleEntry[] {
  return entry.kind === "patches-and-tokens" ? [entry.patches, entry.tokens] : [entry];
}

/** The inputs that a model can have, by what its stacks start from. */
export type InputName =
  | ("tokens" | "source")
  | ("pixels" | "video" | "spectrogram")
  | ("features" | "waveform");

/** The input that an entry reads. */
export function inputOf(entry: SingleEntry): InputName {
  switch (entry.kind) {
    case "tokens":
      return entry.source === true ? "source" : "tokens";
    case "patches":
      return entry.input ?? "pixels";
    case "audio":
      return entry.input;
  }
}

/** The inputs that stacks read. */
export function inputsOf({ stacks }: Pick<ModelSpec, "stacks">): readonly InputName[] {
  return Object.values(stacks).flatMap((stack) => entriesOf(stack).map(inputOf));
}

/** A stack of layers on one residual stream. */
export interface Stack {
  /** The width of the stream as it is stored: d, or d − 1 for CRMSNorm. */
  readonly width: number;
  /** What starts the stream. */
  readonly entry: Entry;
  /** A norm between the entry and the first layer (BLOOM, CLIP's images). It stays what it is in every conversion. */
  readonly entryNorm?: NormSpec;
  /** Whether the mean is subtracted from the stream where the layers start, because the entry cannot be centered; CRMSNorm then drops the last value. */
  readonly recenter: boolean;
  /** How sub-layers join the stream. */
  readonly residual: Residual;
  /** The layers. */
  readonly blocks: readonly Block[];
  /** The norm after the last layer; absent where the model has none. */
  readonly final?: NormSpec;
  /** Whether it reads the mean of the patches alone, in the place of all rows (BEiT). */
  readonly finalOfMean?: boolean;
}

/** A learned query attends to rows; of what it finds, x, the head makes x + N(x) with a network N behind a norm. */
export interface Pool {
  /** The query, before its projection. */
  readonly probe: Table;
  /** How it attends. */
  readonly attention: Attention;
  /** What the network reads x through. */
  readonly norm: NormSpec;
  /** What reads the normed x and is added to it. */
  readonly network: FeedForward;
}

/** A linear map that reads a stack's final norm: the head, a projection of CLIP, a classifier. */
export interface Head {
  /** The map. */
  readonly linear: Linear;
  /** The stack that it reads. */
  readonly stack: string;
  /**
   * Which rows: all (a language model), the first, second or last, that of the end-of-text token (CLIP), that at the place of the last
   * such token of what an encoder reads (BART), the mean of all, the mean of the patches, that of the first two (AST), or the first
   * beside that of the patches (DINOv2); or those of patches, or of the tokens behind them. `late` is all, and the mean of the outputs
   * (EuroBERT).
   */
  readonly reads:
    | ("all" | RowKind | "first" | "second" | "last" | "end" | "source-end")
    | ("mean" | "late" | "patch-mean" | "first-two" | "first-and-mean");
  /** The token of padding: the last row is then that of the last other token, and the first where all are padding. */
  readonly padToken?: number;
  /** The end-of-text token, whose first place is read; without it the place of the largest token id. */
  readonly endToken?: number;
  /**
   * Whether the matrix is the token table times (I + 11ᵀ) while only the table is stored: CRMSNorm with a tied head adds the sum of
   * what it reads to each value.
   */
  readonly plusSum?: boolean;
  /** A norm of the rows that it reads, before all else (AST). */
  readonly norm?: NormSpec;
  /** What is done before the map: another one, a function, and a norm (BERT; OPT-350m has the map alone). */
  readonly transform?: {
    readonly linear: Linear;
    readonly activation?: ActivationName;
    readonly norm?: NormSpec;
  };
  /** What makes one row of all, whose last map is that of the head (SigLIP). */
  readonly pool?: Pool;
  /** The function of its outputs (a pooler's). */
  readonly activation?: ActivationName;
  /** Its outputs are multiplied by this (Cohere). */
  readonly scale?: number;
  /** Its outputs are bent to ± this, c tanh(y / c) (Gemma 2). */
  readonly softcap?: number;
  /** The name of what it gives (CLIP's embeddings, a pooler's output); `logits` where it has none. */
  readonly output?: string;
}

/** A whole model. */
export interface ModelSpec {
  /** The stacks by name: `decoder`, `encoder`, `vision`, `text`. A stack comes after those whose memory it reads. */
  readonly stacks: Readonly<Record<string, Stack>>;
  /** What reads the final norms. */
  readonly heads: readonly Head[];
  /** Whether the final norms are outputs beside the heads' (a body with a pooler); without heads they are. */
  readonly bare?: boolean;
  /** An output that is the mean of those of two heads (DeiT, whose class and distillation tokens each have one). */
  readonly mean?: { readonly output: string; readonly of: readonly [string, string] };
  /** The head when it can no longer share the token table. */
  readonly untied?: Linear;
  /** Tensors that are there and that no output depends on: of training alone, or of a part that is passed by. */
  readonly unread?: readonly string[];
  /** Parameters that are computed with and never trained: buffers, and positions that were computed once. */
  readonly frozen?: readonly string[];
}

/** The norms of a branch that read the stream itself; the others see what the branch computes. */
const ofStream: readonly NormPlace[] = ["input", "stream"];

/** The norm that meets the stream at a branch: before it or behind the addition. */
export function streamNormOf({ norms }: Branch): NormSpec | undefined {
  return norms.input ?? norms.stream;
}

/** All networks of a mixture. */
export function networksOf({ experts, shared }: Experts): readonly FeedForward[] {
  return shared === undefined ? experts : [...experts, shared.network];
}

/** What decides which networks of a mixture count, and how much. */
export function routersOf({ router, shared }: Experts): readonly Linear[] {
  return shared === undefined ? [router] : [router, shared.gate];
}

/** What a sub-layer writes to the stream with. */
export function writersIn(sublayer: Branch["sublayer"]): readonly Writer[] {
  return sublayer.kind === "experts"
    ? networksOf(sublayer).map(({ output }) => output)
    : [sublayer.output];
}

/** Changes every norm that reads the streams of a model; entry norms, norms inside branches and norms of heads stay. */
export function mapNorms(spec: ModelSpec, change: (norm: NormSpec) => NormSpec): ModelSpec {
  const branch = (one: Branch): Branch => ({
    ...one,
    norms: Object.fromEntries(
      Object.entries(one.norms).map(([place, norm]) => [
        place,
        ofStream.includes(place as NormPlace) ? change(norm) : norm,
      ]),
    ),
  });
  const block = (one: Block): Block => ({ ...one, branches: one.branches.map(branch) });
  return mapStacks(spec, (stack) => ({
    ...stack,
    blocks: stack.blocks.map(block),
    ...(stack.final === undefined ? {} : { final: change(stack.final) }),
  }));
}

/** Whether no token of a stack sees one that follows it. */
export function isCausal({ blocks }: Stack): boolean {
  return blocks.every(({ branches }) =>
    branches.every(({ sublayer }) =>
      sublayer.kind !== "attention" || sublayer.memory !== undefined || sublayer.causal
    )
  );
}

/** Changes every stack of a model. */
export function mapStacks(
  spec: ModelSpec,
  change: (stack: Stack, name: string) => Stack,
): ModelSpec {
  const stacks = Object.entries(spec.stacks)
    .map(([name, stack]) => [name, change(stack, name)] as const);
  return { ...spec, stacks: Object.fromEntries(stacks) };
}

/** Whether a matrix is the token table. */
export function isTied(spec: ModelSpec, weight: string): boolean {
  return Object.values(spec.stacks).flatMap(entriesOf).some((entry) =>
    entry.kind === "tokens" && entry.tokens.table === weight
  );
}

/** The map of a head that reads the final norm. */
export function readerOf({ transform, linear }: Head): Linear {
  return transform?.linear ?? linear;
}

/** Whether a head gives one row and not one for each that the stack gives. */
export function givesOneRow({ reads, pool }: Head): boolean {
  return !["all", "patches", "tokens"].includes(reads) || pool !== undefined;
}

/** Whether the token table itself reads the final norm, as a head's matrix. */
export function readsWithTable(spec: ModelSpec, head: Head): boolean {
  return isTied(spec, readerOf(head).weight);
}

/** Whether the norms of a stack are CRMSNorms, so that its stream is stored without its last value. */
export function isCompressed({ blocks, final }: Stack): boolean {
  return final?.kind === "crms" ||
    blocks.some(({ branches }) => branches.some((branch) => streamNormOf(branch)?.kind === "crms"));
}

/** Whether what the stacks give is an output itself. */
export function givesFinals({ heads, bare }: ModelSpec): boolean {
  return heads.length === 0 || bare === true;
}

/** The head that predicts tokens: its matrix is the token table, or the one that a model has in its place. */
export function languageHeadOf(spec: ModelSpec): Head | undefined {
  return spec.heads.find(({ linear: { weight } }) =>
    isTied(spec, weight) || weight === spec.untied?.weight
  );
}

/** The name of what a head gives. */
export function outputName({ output }: Pick<Head, "output">): string {
  return output ?? "logits";
}

/** Where a sub-layer stands, with the depths that constants depend on. */
export function siteOf(spec: ModelSpec, stack: string, layer: number, role: Role): Site {
  const own = stack === "encoder" ? "encoder" : "decoder";
  const other = spec.stacks[own === "encoder" ? "decoder" : "encoder"];
  return {
    layer,
    depth: spec.stacks[stack]!.blocks.length,
    stack: own,
    ...(other === undefined ? {} : { otherDepth: other.blocks.length }),
    role,
  };
}

/** Everything that is named in a spec, or a part of one: parameters, among other words. */
export function namesIn(part: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof part === "string") found.add(part);
  else if (typeof part === "object" && part !== null) {
    for (const inner of Object.values(part)) namesIn(inner, found);
  }
  return found;
}
