// The padded layout of CRMSNorm in a model: the last lane of the stream is 0 at the start and stays 0 while the model trains.

import { assert, assertEquals } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { valueAndGradient } from "../../../lib/backend/mod.ts";
import {
  decoder,
  type DecoderConfig,
  type DecoderParameters,
  initDecoder,
} from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { makeOptimizer } from "../../../lib/train/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { changed, numbersByPath } from "../../support/parameters.ts";
import { tapsOf } from "../../support/taps.ts";
import { tolerance } from "../../support/tolerances.ts";

const config: DecoderConfig = {
  vocabulary: 11,
  context: 6,
  width: 8,
  depth: 2,
  heads: 1,
  norm: "crms-padded",
  residual: "pre-ln",
  embeddingScale: 1,
  bias: true,
};
const tokens = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 0, 1]];
const targets = Int32Array.from([2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2]);

/** The numbers of the last lane. */
const lane = (values: ArrayLike<number>, width: number): number[] =>
  Array.from(values).filter((_, at) => at % width === width - 1);

onEachBackend(
  'decoder() with norm "crms-padded" keeps its last lane at 0 in training',
  async () => {
    const adamW = makeOptimizer({ kind: "adamw", weightDecay: 0.1 });
    let parameters = initDecoder(config, 3);
    let state = adamW.init(parameters);
    for (let step = 0; step < 3; step++) {
      const { value, gradient } = valueAndGradient(
        parameters,
        (p) => crossEntropy(decoder(p, config, tokens), targets),
      );
      const next = adamW.update(parameters, gradient, state, 0.05);
      disposeTree([value, gradient, parameters, state.moments]);
      ({ parameters, state } = next);
    }
    const taps = await tapsOf((tap) => decoder(parameters, config, tokens, { tap }));
    for (const name of ["embed", "blocks.1.resid_mid", "blocks.2.resid_post", "final"]) {
      const values = taps.get(name)!;
      assertEquals(lane(values, 8).filter((value) => value !== 0), [], name);
      assert(values.some((value) => value !== 0), `${name} is not all 0`);
    }
    disposeTree([parameters, state.moments]);
  },
);

onEachBackend(
  'decoder() with norm "crms-padded" at width D is the "crms" model at width D − 1',
  async (backend) => {
    const narrow: DecoderConfig = { ...config, norm: "crms", width: 7, hidden: 32 };
    const drawn = initDecoder(config, 4);
    // the padded model has heads of width 8: without their last column and row they compute what heads of width 7 do
    const padded = await changed(drawn, (path, value, at) => {
      if (path.endsWith("gain")) return value + 0.1 * (at % 8);
      if (/w[qkv]$/.test(path) && at % 8 === 7) return 0;
      return path.endsWith("wo") && at >= 7 * 8 ? 0 : value;
    });
    const wide = await numbersByPath(padded);
    const columns = new Map(
      tensorsOf(padded).map(({ path, value }) => [path, value.shape.at(-1)!]),
    );
    const start = initDecoder(narrow, 0);
    const own = new Map(tensorsOf(start).map(({ path, value }) => [path, value.shape.at(-1)!]));
    const compressed = await changed(start, (path, _, at) => {
      const [row, column] = [Math.floor(at / own.get(path)!), at % own.get(path)!];
      const value = wide.get(path)![row * columns.get(path)! + column]!;
      return /w[qk]$/.test(path) ? value * (7 / 8) ** 0.25 : value; // scores are divided by √7, not √8
    });
    const logits = async (parameters: DecoderParameters, of: DecoderConfig): Promise<number[]> =>
      (await tapsOf((tap) => decoder(parameters, of, tokens, { tap }))).get("out")!;
    assertClose(
      await logits(padded, config),
      await logits(compressed, narrow),
      tolerance(backend, "value"),
      "logits",
    );
    disposeTree([padded, compressed]);
  },
);
