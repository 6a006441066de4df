// `normkit verify`: how equal two models are.

import { certificateText } from "../convert/certificate_text.ts";
import { verify } from "../convert/verify.ts";
import { recordedConversion } from "../export/steps.ts";
import { openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import {
  backendOption,
  type Command,
  numberOptions,
  openHelp,
  openOptions,
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
  summary: "prove that one model is the conversion of another, or measure how equal they are",
  help: `Usage: normkit verify A B [options]

Where B records that it was made of A (by convert or fold), that is done again from A's tensors, and every number of B is compared
with it, bit by bit; config.json and what lies beside the weights as well. Then both models run on the same inputs, in float32 and
in float64: outputs as they are and as distributions, and the stream after each layer. Without a record outputs are all that is
compared. The certificate lists each check with its limit; the exit code is 1 where one fails.

  --tokens 1,2,3       a sequence to compare besides random ones
  --text FILE          a text for the perplexity of both, by A's tokenizer.json
${textHelp}
${openHelp}
  --sequences N        random inputs (4; 1 of a large model, in float64 alone unless they are asked for)
  --seed N             their seed (0)
  --tolerance X        the largest difference of outputs that passes, relative to their spread (what rounding explains)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --json               one JSON object

Examples:
  normkit verify gpt2 gpt2-rms
  normkit verify gpt2 gpt2-rms --tokens 464,3290 --text book.txt --json`,
  options: {
    ...stringOptions("tokens text alibi sequences seed tolerance backend"),
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
    using a = await openModel(pathA, openOptions(args));
    using b = await openModel(pathB, openOptions(args));
    const read = text === undefined
      ? {}
      : { text: await tokensOfFile(text, a.path, a.config, inText) };
    await useBackend(backend);
    const given = tokens === undefined ? {} : { tokens: [tokens] };
    const conversion = await recordedConversion(a, b);
    const certificate = await verify(a, b, {
      ...(conversion === undefined ? {} : { conversion }),
      ...given,
      ...read,
      ...numbers,
    });
    return {
      code: certificate.passed ? 0 : exitCodes.failed,
      report: certificate,
      text: certificateText(certificate),
    };
  },
};
