// `normkit verify`: how equal two models are.

import { certificateText } from "../convert/certificate_text.ts";
import { verify } from "../convert/verify.ts";
import { openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import {
  backendOption,
  type Command,
  numberOptions,
  requireWords,
  stringOptions,
  textOption,
  tokensOption,
} from "./command.ts";
import { exitCodes } from "./run.ts";
import { textHelp, textOptions, textOptionsOf } from "./text_options.ts";
import { tokensOfFile } from "./tokenize.ts";

/** `normkit verify`: its help, its options, and the run. */
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
    ...stringOptions("tokens text sequences seed tolerance backend"),
    ...textOptions,
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [pathA, pathB] = requireWords(args, ["A", "B"]) as [string, string];
    const [tokens, text, backend] = [
      tokensOption(args),
      textOption(args, "text"),
      backendOption(args),
    ];
    const numbers = numberOptions(args, ["sequences", "seed", "tolerance"]);
    const inText = textOptionsOf(args);
    using a = await openModel(pathA);
    using b = await openModel(pathB);
    const read = text === undefined
      ? {}
      : { text: await tokensOfFile(text, pathA, a.config, inText) };
    await useBackend(backend);
    const given = tokens === undefined ? {} : { tokens: [tokens] };
    const certificate = await verify(a, b, { ...given, ...read, ...numbers });
    return {
      code: certificate.passed ? 0 : exitCodes.failed,
      report: certificate,
      text: certificateText(certificate),
    };
  },
};
