// Planned files: order, padding and text as the reference implementation has them.

import { assertEquals, assertThrows } from "@std/assert";
import { parseHeader } from "../../../lib/checkpoint/header.ts";
import { compareTexts, type NamedShape, planFile } from "../../../lib/checkpoint/plan.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const entry = (dtype: string, shape: string, start: number, end: number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${start},${end}]}`;

Deno.test("planFile() sorts by dtype, then by name, and pads to 8 bytes", () => {
  const tensors: readonly NamedShape[] = [
    { name: "flag", dtype: "BOOL", shape: [3] },
    { name: "b", dtype: "F16", shape: [2] },
    { name: "10", dtype: "F32", shape: [] },
    { name: "a", dtype: "F16", shape: [1, 2] },
    { name: "2", dtype: "F32", shape: [0, 4] },
    { name: "step", dtype: "I64", shape: [] },
  ];
  const { header, tensors: planned } = planFile(tensors, { 2: "two", 1: 'say "1"' });
  const length = Number(new DataView(header.buffer).getBigUint64(0, true));
  assertEquals([length % 8, header.length], [0, 8 + length]);
  assertEquals(
    new TextDecoder().decode(header.subarray(8)).trimEnd(),
    `{"__metadata__":{"1":"say \\"1\\"","2":"two"},` +
      `"step":${entry("I64", "[]", 0, 8)},` +
      `"10":${entry("F32", "[]", 8, 12)},"2":${entry("F32", "[0,4]", 12, 12)},` +
      `"a":${entry("F16", "[1,2]", 12, 16)},"b":${entry("F16", "[2]", 16, 20)},` +
      `"flag":${entry("BOOL", "[3]", 20, 23)}}`,
  );
  assertEquals(planned.map(({ name }) => name), ["step", "10", "2", "a", "b", "flag"]);
  const read = parseHeader("f", header.subarray(8), 23);
  assertEquals(read.tensors.map(({ name }) => name), ["step", "10", "2", "a", "b", "flag"]);
});

Deno.test("planFile() has metadata only if there is some, empty or not", () => {
  const text = (metadata?: Record<string, string>): string =>
    new TextDecoder().decode(planFile([], metadata).header.subarray(8));
  assertEquals(text(), "{}      ");
  assertEquals(text({}).trimEnd(), '{"__metadata__":{}}');
});

Deno.test("planFile() refuses what could not be read again", () => {
  const u8 = (name: string, shape: readonly number[] = [1]): NamedShape => ({
    name,
    dtype: "U8",
    shape,
  });
  const cases: readonly (readonly [NamedShape[], Record<string, string>, string])[] = [
    [[u8("a"), u8("b"), u8("a")], {}, 'Cannot write a tensor "a": the name is already taken'],
    [[u8("__metadata__")], {}, 'Cannot write a tensor "__metadata__": the name is already taken'],
    [[u8("\ud800")], {}, 'Cannot write a tensor\'s name "\\ud800": it must be Unicode text'],
    [[], { "\ud800": "" }, 'Cannot write a key of metadata "\\ud800": it must be Unicode text'],
    [[], { k: "\udc00" }, 'Cannot write the metadata "k" "\\udc00": it must be Unicode text'],
    [
      [u8("a", [2.5])],
      {},
      "Cannot store U8 [2.5]: its lengths must be whole numbers ≥ 0, and its bytes a whole number, at most 9007199254740991",
    ],
    [[u8("a", [-1])], {}, "Cannot store U8 [-1]: its lengths must be whole numbers ≥ 0"],
    [[u8("a", [2 ** 30, 2 ** 30])], {}, "Cannot store U8 [1073741824, 1073741824]"],
    [
      [],
      { k: "x".repeat(100_000_000) },
      "Cannot write a header of 100000032 bytes: at most 100000000 are allowed",
    ],
  ];
  for (const [tensors, metadata, message] of cases) {
    assertThrows(() => planFile(tensors, metadata), RangeError, message);
  }
});

Deno.test("compareTexts() orders by code points, as the bytes of UTF-8 do", () => {
  const texts = [
    "",
    "a",
    "a.1",
    "a.10",
    "a.2",
    "b",
    "\uffff",
    "😀",
    "😀a",
    "😁",
    "𝒳",
    "\ue000",
    "é",
  ];
  const bytes = (text: string): string => encode(text).toHex();
  for (const one of texts) {
    for (const other of texts) {
      const expected = bytes(one) < bytes(other) ? -1 : bytes(one) > bytes(other) ? 1 : 0;
      assertEquals(Math.sign(compareTexts(one, other)), expected, `${one} ${other}`);
    }
  }
});
