import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree, Random } from "../../../lib/core/mod.ts";
import { readAll, valueAndGradient } from "../../../lib/backend/mod.ts";
import { decoder, type DecoderConfig, initDecoder } from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, tensorOf } from "../../support/evaluate.ts";
import { changed, lossAndGradients, numbersByPath } from "../../support/parameters.ts";
import { tapsOf } from "../../support/taps.ts";
import { tolerance } from "../../support/tolerances.ts";

const config: DecoderConfig = {
  vocabulary: 7,
  context: 6,
  width: 8,
  depth: 2,
  heads: 2,
  hidden: 12,
};
const tokens = [[1, 6, 0, 3, 2], [4, 4, 5, 0, 1]];

/** Logits as numbers, of fresh parameters. */
async function logitsOf(
  changes: Partial<DecoderConfig>,
  rows: readonly (readonly number[])[] = tokens,
  dropout?: Random,
): Promise<number[]> {
  const full = { ...config, ...changes };
  const parameters = initDecoder(full, 3);
  const [logits] = await numbersOf(() => [
    decoder(parameters, full, rows, dropout === undefined ? {} : { dropout }),
  ]);
  disposeTree(parameters);
  return logits!;
}

onEachBackend("decoder() gives logits [B, T, V] and leaves nothing else", async () => {
  const parameters = initDecoder(config, 0);
  const before = tf.memory().numTensors;
  const logits = decoder(parameters, config, tokens);
  assertEquals(tf.memory().numTensors, before + 1);
  assertEquals(logits.shape, [2, 5, 7]);
  const [values] = await readAll([logits]);
  assert(values!.every(Number.isFinite));
  logits.dispose();
  disposeTree(parameters);
});

for (const positions of ["learned", "rotary"] as const) {
  onEachBackend(`decoder() with ${positions} positions never looks ahead`, async () => {
    for (const residual of ["pre-ln", "post-ln", "resi-dual"]) {
      const reference = await logitsOf({ positions, residual }, [[1, 6, 0, 3, 2]]);
      for (let at = 0; at < 5; at++) {
        const row = [1, 6, 0, 3, 2];
        row[at] = 5;
        const found = await logitsOf({ positions, residual }, [row]);
        const cut = at * config.vocabulary;
        assertEquals(found.slice(0, cut), reference.slice(0, cut), `before token ${at}`);
        for (let later = at; later < 5; later++) {
          const [from, to] = [later * config.vocabulary, (later + 1) * config.vocabulary];
          assertNotEquals(found.slice(from, to), reference.slice(from, to), `token ${later}`);
        }
      }
    }
  });
}

onEachBackend(
  "decoder() gives each row of a batch what it gives the row alone",
  async (backend) => {
    const together = await logitsOf({}, tokens);
    const alone = [...await logitsOf({}, [tokens[0]!]), ...await logitsOf({}, [tokens[1]!])];
    assertClose(together, alone, tolerance(backend, "equal formulas"), "logits");
  },
);

Deno.test("decoder() tells the order of tokens before the last, by either kind of positions", () =>
  onBackend("cpu", async () => {
    // one layer: the last token attends to the same tokens in another order
    const last = async (positions: "learned" | "rotary", row: number[]): Promise<number[]> =>
      (await logitsOf({ positions, depth: 1, init: "xavier" }, [row])).slice(-config.vocabulary);
    for (const positions of ["learned", "rotary"] as const) {
      const [a, b] = [await last(positions, [1, 2, 3, 4]), await last(positions, [2, 1, 3, 4])];
      const distance = Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
      assert(distance > 1e-4, `${positions} positions do not tell the order: ${distance}`);
    }
  }));

Deno.test("decoder() with a tied head multiplies by the embedding table", () =>
  onBackend("cpu", async () => {
    const tied = { ...config, tied: true };
    const parameters = initDecoder(tied, 1);
    const taps = await tapsOf((tap) => decoder(parameters, tied, tokens, { tap }));
    const final = { shape: [10, 8], values: taps.get("final")! };
    const [expected] = await numbersOf(() => [
      tf.matMul(tensorOf(final), parameters.wte, false, true),
    ]);
    assertClose(taps.get("out")!, expected!, tolerance("cpu", "value"), "logits");
    disposeTree(parameters);
  }));

Deno.test("decoder() taps every activation by TransformerLens's names, once and in order", () =>
  onBackend("cpu", () => {
    const parameters = initDecoder(config, 1);
    const seen = new Map<string, readonly number[]>();
    decoder(parameters, config, tokens, {
      tap: (name, value) => {
        assert(!seen.has(name), `${name} came twice`);
        seen.set(name, value.shape);
      },
    }).dispose();
    const stream = [2, 5, 8];
    const block = (layer: number): [string, number[]][] => [
      [`blocks.${layer}.resid_pre`, stream],
      [`blocks.${layer}.norm.attention.input`, stream],
      [`blocks.${layer}.attn_in`, stream],
      [`blocks.${layer}.attn.pattern`, [2, 2, 5, 5]],
      [`blocks.${layer}.attn_out`, stream],
      [`blocks.${layer}.resid_mid`, stream],
      [`blocks.${layer}.norm.feedForward.input`, stream],
      [`blocks.${layer}.mlp_in`, stream],
      [`blocks.${layer}.mlp_out`, stream],
      [`blocks.${layer}.resid_post`, stream],
    ];
    assertEquals([...seen], [["embed", stream], ...block(1), ...block(2), ["final", stream]]);
    disposeTree(parameters);
  }));

onEachBackend("decoder()'s attention patterns are causal distributions", async (backend) => {
  const parameters = initDecoder(config, 1);
  const taps = await tapsOf((tap) => decoder(parameters, config, tokens, { tap }));
  const pattern = taps.get("blocks.2.attn.pattern")!;
  for (let row = 0; row < 2 * 2 * 5; row++) {
    const keys = pattern.slice(5 * row, 5 * row + 5);
    const query = row % 5;
    assertEquals(keys.slice(query + 1), Array(4 - query).fill(0));
    const total = keys.reduce((sum, value) => sum + value, 0);
    assertClose([total], [1], tolerance(backend, "value"), "sum over keys");
  }
  disposeTree(parameters);
});

onEachBackend("decoder() drops by seed in training and nothing in evaluation", async () => {
  const dropout = 0.4;
  const once = await logitsOf({ dropout }, tokens, new Random(1));
  assertEquals(await logitsOf({ dropout }, tokens, new Random(1)), once);
  assertNotEquals(await logitsOf({ dropout }, tokens, new Random(2)), once);
  const evaluated = await logitsOf({ dropout });
  assertEquals(evaluated, await logitsOf({ dropout: 0 }));
  assertNotEquals(evaluated, once);
});

Deno.test("decoder() normalizes the embedding where ends asks for it, and ends nothing else", () =>
  onBackend("cpu", async () => {
    const ends = { ...config, ends: ["embedding"] } as const;
    const parameters = initDecoder(ends, 1);
    assertEquals(Object.keys(parameters.norm), ["embedding"]);
    const taps = await tapsOf((tap) => decoder(parameters, ends, tokens, { tap }));
    const pre = taps.get("blocks.1.resid_pre")!;
    const meanSquare = pre.slice(0, 8).reduce((sum, value) => sum + value * value, 0) / 8;
    assertClose([meanSquare], [1], 1e-3, "mean square of the normed embedding");
    assertEquals(taps.get("final"), taps.get("blocks.2.resid_post"), "no final norm");
    disposeTree(parameters);
  }));

Deno.test("decoder()'s gradient by every parameter agrees with differences of the loss", () =>
  onBackend("cpu", async () => {
    const full: DecoderConfig = {
      ...config,
      width: 4,
      hidden: 6,
      residual: "sub-ln",
      activation: "swiglu",
      positions: "rotary",
      init: "xavier",
      tied: true,
    };
    const targets = Int32Array.from([6, 0, 3, 2, 1, 4, 5, 0, 1, 2]);
    let parameters = initDecoder(full, 4);
    const { gradients } = await lossAndGradients(parameters, full, tokens, targets);
    const step = 1e-2;
    const [slopes, expected]: number[][] = [[], []];
    for (const [path, gradient] of gradients) {
      // one direction per tensor: the sum of its elements' signs
      const direction = gradient.map((value) => Math.sign(value));
      const lossAt = async (t: number): Promise<number> => {
        parameters = await changed(
          parameters,
          (at, value, index) => at === path ? value + t * direction[index]! : value,
        );
        const { loss } = await lossAndGradients(parameters, full, tokens, targets);
        return loss;
      };
      const reach = step / Math.sqrt(gradient.length);
      const [above, below] = [await lossAt(reach), await lossAt(-2 * reach)];
      parameters = await changed(
        parameters,
        (at, value, index) => at === path ? value + reach * direction[index]! : value,
      );
      slopes!.push((above - below) / (2 * reach));
      expected!.push(gradient.reduce((sum, value) => sum + Math.abs(value), 0));
    }
    assert(expected!.length > 20);
    assertClose(slopes!, expected!, tolerance("cpu", "difference of losses"), "slopes");
    disposeTree(parameters);
  }));

onEachBackend("decoder() of each variant has finite gradients for all parameters", async () => {
  for (const { id } of residuals) {
    for (const residual of [id, `${id}+gpas`]) {
      const full = { ...config, residual };
      const parameters = initDecoder(full, 2);
      const targets = Int32Array.from({ length: 10 }, (_, index) => index % 7);
      const { value, gradient } = valueAndGradient(
        parameters,
        (p) => crossEntropy(decoder(p, full, tokens), targets),
      );
      const numbers = await numbersByPath(gradient);
      assertEquals([...numbers.keys()], [...(await numbersByPath(parameters)).keys()]);
      for (const [path, found] of numbers) {
        assert(found.every(Number.isFinite), `${residual}, ${path}`);
        const idle = /\.bk$/.test(path); // softmax does not see a bias on the keys
        if (!idle) assert(found.some((number) => number !== 0), `${residual}, ${path} is all 0`);
      }
      value.dispose();
      disposeTree([gradient, parameters]);
    }
  }
});

Deno.test("decoder() refuses tokens that do not fit, naming the value and the allowed ones", () =>
  onBackend("cpu", () => {
    const parameters = initDecoder(config, 0);
    const cases: readonly (readonly [readonly ArrayLike<number>[], RegExp])[] = [
      [[], /no tokens/],
      [[[]], /no tokens/],
      [[[1, 7]], /token 7 in row 0: tokens go from 0 to 6/],
      [[[1], [-1]], /token -1 in row 1: tokens go from 0 to 6/],
      [[[1.5]], /token 1\.5/],
      [[[NaN]], /token NaN/],
      [[[0, 1, 2, 3, 4, 5, 6]], /sequence of 7 tokens: the context holds 6/],
      [[[1, 2], [1]], /rows of 2 and 1 tokens: rows must be equally long/],
    ];
    for (const [rows, message] of cases) {
      const error = assertThrows(() => decoder(parameters, config, rows), RangeError);
      assert(message.test(error.message), error.message);
    }
    disposeTree(parameters);
  }));

Deno.test("decoder() refuses parameters that are no floats, by path", () =>
  onBackend("cpu", () => {
    const parameters = initDecoder(config, 1);
    const integers = tf.ones([7, 8], "int32");
    assertThrows(
      () => decoder({ ...parameters, wte: integers }, config, tokens),
      TypeError,
      "Cannot use wte of dtype int32: it must be float32",
    );
    disposeTree([parameters, integers]);
  }));
