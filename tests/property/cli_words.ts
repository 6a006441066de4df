// Random command lines: mostly nearly right, over models and files of a sandbox.

import { commands } from "../../lib/cli/commands.ts";
import type { Random } from "../../lib/core/random.ts";

/** Where the words of a command line point to. */
export interface Places {
  /** Models and runs that are good. */
  readonly models: readonly string[];
  /** What is no model: files, broken folders, nothing. */
  readonly others: readonly string[];
  /** A text. */
  readonly text: string;
  /** A folder in which everything new belongs; it does not exist. */
  readonly out: string;
}

const junk = [
  "",
  " ",
  "x",
  "-",
  "--",
  "-x",
  "__proto__",
  "constructor",
  "é €",
  "1e",
  "%20",
  "../x",
];
const numbers = ["0", "1", "2", "3", "-1", "-0", "1.5", "1e-3", "NaN", "Infinity", "-Infinity"];

/** What may stand behind each option; sizes are such that a command ends within a second. */
export const values: Readonly<Record<string, readonly string[]>> = {
  task: ["causal-lm", "image-classification", "chess"],
  config: ["nothing.json"],
  set: ["model.depth=1", "data.length=4", "steps", "x=1"],
  steps: ["0", "1", "2"],
  rate: ["1e-3", "0", "1e38"],
  schedule: ["constant", "linear", "cosine", "inverse-square-root"],
  warmup: ["1", "2"],
  depth: ["1", "2"],
  width: ["8", "4"],
  heads: ["1", "2", "3"],
  context: ["8", "4"],
  norm: ["layer", "rms", "crms", "crms-padded"],
  positions: ["learned", "rotary"],
  activation: ["gelu", "relu", "swiglu"],
  init: ["xavier", "normal"],
  dropout: ["0", "0.5", "1"],
  rows: ["1", "2"],
  clip: ["1", "0"],
  "clip-gates": ["1", "0"],
  resume: ["nothing", "."],
  "save-every": ["1", "0"],
  workers: ["1", "0", "x"],
  jobs: ["1", "0"],
  x: ["schedule.peak", "nothing"],
  y: ["schedule.peak", "nothing"],
  figure: ["nothing.svg"],
  retries: ["0", "-1"],
  spike: ["1", "0"],
  diverged: ["stop", "return"],
  "evaluate-every": ["1"],
  seed: ["0", "7", "4294967296"],
  encoding: ["utf-8", "latin1", "utf-16", "nonsense"],
  backend: ["cpu", "cpu", "cpu", "wasm", "webgl"],
  prompt: ["Call me", "€", "C"],
  temperature: ["0", "0.8"],
  "top-p": ["0.9", "1", "0"],
  beams: ["1", "2", "4", "0"],
  "length-penalty": ["1", "0.6", "-1"],
  "first-token": ["3", "99999"],
  "source-language": ["de_DE", "english"],
  "target-language": ["__en__", "english"],
  "prompt-tokens": ["1,2,3", "1", "99999", "1,x"],
  inputs: ["inputs.safetensors", "nothing.safetensors"],
  "rms-operator": ["RMSNormalization", "SimplifiedLayerNormalization", "RMSNorm"],
  source: ["1", "1,2,3", "99999"],
  "top-k": ["1", "5", "100"],
  alibi: ["exact", "bfloat16", "float16"],
  arithmetic: ["float32", "float64", "float16"],
  to: ["csv", "tensorboard", "pre-rmsnorm", "pre-crmsnorm", "pre-ln", "weightless", "post-ln"],
  tied: ["untie", "keep"],
  as: ["safetensors", "llama", "gpt2", "onnx", "gguf"],
  dtype: ["F32", "F64", "F16", "BF16", "I8"],
  sequences: ["0", "1"],
  tolerance: ["1e-4", "1e-30", "0"],
  "max-shard-bytes": ["1", "2000", "5e9"],
};

const variants = [
  "pre-ln",
  "post-ln",
  "pre-ln+gpas",
  "deep-norm",
  "peri-ln",
  "lns",
  "pre-ln+gpas-tanh-site",
  "middle-ln",
];

/** Makes command lines. */
export class Writer {
  readonly #random: Random;
  readonly #places: Places;

  constructor(random: Random, places: Places) {
    this.#random = random;
    this.#places = places;
  }

  #is(share: number): boolean {
    return this.#random.uniform() < share;
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random.integer(list.length)]!;
  }

  #model(): string {
    const { models, others } = this.#places;
    return this.#is(0.85) ? this.#one(models) : this.#one([...others, ...junk]);
  }

  /** Where to write: something new, or what exists under any name. */
  #out(): string {
    const { models, others, text, out } = this.#places;
    const exists = [...models, ...models.map((path) => `${path}/`), ...others, text, "/dev/null"];
    if (this.#is(0.8)) return `${out}${this.#one(["", "/a", "/a/b", "/", "/é x", "/a//b"])}`;
    return this.#is(0.9) ? this.#one(exists) : "";
  }

  #value(command: string, option: string): string {
    if (this.#is(0.05)) return this.#one(junk);
    if (option === "out") return this.#out();
    if (option === "from") return this.#model();
    if (option === "text") return this.#is(0.8) ? this.#places.text : this.#model();
    if (option === "tokens") {
      return command === "generate"
        ? this.#one(["0", "1", "3"])
        : this.#one(["1", "1,2,3", "0,39", "99999"]);
    }
    const own = values[option];
    if (own === undefined) throw new Error(`--${option} of ${command} needs words in values`);
    return this.#is(0.85) ? this.#one(own) : this.#one(numbers);
  }

  #option(command: string, name: string, type: string): string[] {
    if (type === "boolean") return this.#is(0.97) ? [`--${name}`] : [`--${name}=1`];
    if (this.#is(0.01)) return [`--${name}`];
    const value = this.#value(command, name);
    return this.#is(0.2) ? [`--${name}=${value}`] : [`--${name}`, value];
  }

  #words(command: string): string[] {
    if (this.#is(0.04)) return [this.#model(), this.#one(junk), this.#model()];
    switch (command) {
      case "doctor":
        return [];
      case "train":
        return this.#is(0.5)
          ? []
          : [this.#one(variants), ...(this.#is(0.2) ? [this.#one(variants)] : [])];
      case "convert":
      case "fold":
        return [this.#model(), this.#out()];
      case "verify":
        return [this.#model(), this.#model()];
      default:
        return [this.#model()];
    }
  }

  /** What keeps a command small, and what it cannot do without. */
  #basis(command: string): string[] {
    const { text, out } = this.#places;
    switch (command) {
      case "train":
        return [
          ...["--text", text, "--rows", "1", "--steps", "1", "--backend", "cpu"],
          ...(this.#is(0.25)
            ? ["--from", this.#model()]
            : "--depth 1 --width 8 --heads 2 --context 8".split(" ")),
          ...(this.#is(0.9) ? ["--out", out] : []),
        ];
      case "generate":
        return ["--tokens", "3", "--backend", "cpu"];
      case "convert":
        return ["--to", this.#one(values["to"]!), "--sequences", "1", "--backend", "cpu"];
      case "fold":
      case "verify":
        return ["--sequences", "1", "--backend", "cpu"];
      case "logits":
        return ["--tokens", "1,2,3", "--out", this.#out(), "--backend", "cpu"];
      default:
        return [];
    }
  }

  /**
   * A command line.
   *
   * @returns Its words after `normkit`.
   */
  next(): string[] {
    if (this.#is(0.02)) return [this.#one([...junk, "--help", "help", "--version", "-h", "trian"])];
    const names = [...commands.keys()].filter((name) => name !== "doctor" || this.#is(0.02));
    const name = this.#one(names);
    const options = Object.entries(commands.get(name)!.options).filter(([option]) =>
      option !== "json"
    );
    const chosen = options.filter(() => this.#is(0.7 / Math.max(1, options.length) * 2));
    // bars are drawn past console, so that commands that have one always say --json
    const json = this.#is(0.7) || ["train", "convert", "fold", "generate"].includes(name);
    const words = [
      ...(this.#is(0.01) ? ["help"] : []),
      name,
      ...this.#words(name),
      ...(name === "train" || this.#is(0.97) ? this.#basis(name) : []),
      ...chosen.flatMap(([option, { type }]) => this.#option(name, option, type)),
      ...(json ? ["--json"] : []),
      ...(this.#is(0.02) ? [this.#one(["--help", "-h", "--unknown", "--json=1"])] : []),
    ];
    return words.flatMap((word) => this.#is(0.002) ? [] : [word]);
  }
}
