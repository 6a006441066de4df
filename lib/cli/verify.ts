// `normkit verify`: how equal two models are.

import { certificateJson, certificateText } from "../convert/certificate_text.ts";
import { verify } from "../convert/verify.ts";
import type { BackendName } from "../core/backend.ts";
import { openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import {
  type Command,
  flag,
  numberOption,
  requireWords,
  textOption,
  tokensOption,
} from "./command.ts";
import { textHelp, textOptions, textOptionsOf } from "./text_options.ts";
import { tokensOfFile } from "./tokenize.ts";

/** The command. */
export const verifyCommand: Command = {
  summary: "measure how equal two models are",
  help: `Usage: normkit verify A B [options]

Runs both models on the same inputs, in float32 and in float64, and prints the differences after each layer and of the outputs.
The exit code is 1 where the outputs differ by more than the tolerance.

  --tokens 1,2,3       a sequence to compare besides random ones
  --text FILE          a text for the perplexity of both, by A's tokenizer.json
${textHelp}
  --sequences N        random inputs (4)
  --seed N             their seed (0)
  --tolerance X        the largest relative difference of the outputs that passes (1e-4; F16 1e-2, BF16 8e-2)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --json               one JSON object

Examples:
  normkit verify gpt2 gpt2-rms
  normkit verify gpt2 gpt2-rms --tokens 464,3290 --text book.txt --json`,
  options: {
    ...Object.fromEntries(
      "tokens text sequences seed tolerance backend".split(" ").map((name) =>
        [name, { type: "string" }] as const
      ),
    ),
    ...textOptions,
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [pathA, pathB] = requireWords(args, ["A", "B"]);
    const tokens = tokensOption(args);
    const text = textOption(args, "text");
    const number = (name: string): Record<string, number> => {
      const value = numberOption(args, name);
      return value === undefined ? {} : { [name]: value };
    };
    using a = await openModel(pathA!);
    using b = await openModel(pathB!);
    const read = text === undefined
      ? {}
      : { text: await tokensOfFile(text, pathA!, a.config, textOptionsOf(args)) };
    await useBackend((textOption(args, "backend") ?? "auto") as BackendName);
    const certificate = await verify(a, b, {
      ...(tokens === undefined ? {} : { tokens: [tokens] }),
      ...read,
      ...number("sequences"),
      ...number("seed"),
      ...number("tolerance"),
    });
    console.log(flag(args, "json") ? certificateJson(certificate) : certificateText(certificate));
    return certificate.passed ? 0 : 1;
  },
};
