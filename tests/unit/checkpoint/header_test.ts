// Headers: each rule of the format has a file that breaks it.

import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { SafetensorsError } from "../../../lib/checkpoint/error.ts";
import { headerLength, parseHeader, tensorBytes } from "../../../lib/checkpoint/header.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const entry = (dtype: string, shape: string, start: number, end: number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${start},${end}]}`;

Deno.test("parseHeader() gives tensors in the order of storage, and metadata", () => {
  const text =
    `{"b":${entry("F16", "[2,0]", 8, 8)},"__metadata__":{"format":"pt","__proto__":"x"},` +
    `"":${entry("F32", "[]", 4, 8)},"a":${entry("I8", "[2,2]", 0, 4)},"1":${
      entry("BOOL", "[0]", 8, 8)
    }} \n\t`;
  const header = parseHeader("f", encode(text), 8);
  assertEquals(header.tensors, [
    { name: "a", dtype: "I8", shape: [2, 2], start: 0, end: 4 },
    { name: "", dtype: "F32", shape: [], start: 4, end: 8 },
    { name: "b", dtype: "F16", shape: [2, 0], start: 8, end: 8 },
    { name: "1", dtype: "BOOL", shape: [0], start: 8, end: 8 },
  ]);
  assertEquals(Object.entries(header.metadata), [["format", "pt"], ["__proto__", "x"]]);
});

Deno.test("parseHeader() reads what the reference reads besides: no tensors, null metadata, more fields", () => {
  assertEquals(parseHeader("f", encode("{}"), 0), { metadata: {}, tensors: [] });
  const text =
    `{"__metadata__":null,"a":{"more":[{"x":1}],"data_offsets":[0,1],"shape":[1],"dtype":"U8"}}`;
  const { metadata, tensors } = parseHeader("f", encode(text), 1);
  assertEquals([metadata, tensors.length], [{}, 1]);
});

const a = entry("F32", "[1]", 0, 4);

const known = "U64, I64, F64, C64, F32, U32, I32, BF16, F16, U16, I16, F8_E5M2FNUZ, F8_E4M3FNUZ, " +
  "F8_E8M0, F8_E4M3, F8_E5M2, I8, U8, F6_E3M2, F6_E2M3, F4, BOOL";

/** Headers before four bytes of data, by the reason of their refusal. */
const wrong: readonly (readonly [header: string | Uint8Array, reason: string])[] = [
  ["", "its header does not start with {"],
  [` {"a":${a}}`, "its header does not start with {"],
  [`\ufeff{"a":${a}}`, "its header does not start with {"],
  ["null", "its header does not start with {"],
  [
    Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d),
    "its header is not a table of tensors: it is not UTF-8",
  ],
  [`{"a":${a}`, "its header is not a table of tensors: a comma or } is missing, at character 53"],
  [
    `{"a":${a}}\0`,
    "its header is not a table of tensors: something follows its end, at character 54",
  ],
  [
    `{"a":${a},"a":${a}}`,
    'its header is not a table of tensors: the name "a" occurs twice',
  ],
  [
    `{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
    'its header is not a table of tensors: the name "dtype" occurs twice, at character 27',
  ],
  [
    `{"a":${a},"__metadata__":{"x":"1","x":"1"}}`,
    'its header is not a table of tensors: the name "x" occurs twice, at character 81',
  ],
  [`{"a":${a},"__metadata__":[]}`, "its __metadata__ is not a table of texts"],
  [`{"a":${a},"__metadata__":{"x":1}}`, 'its __metadata__ "x" is no text'],
  [`{"a":[]}`, 'the entry of the tensor "a" is not a table'],
  [`{"a":["F32",[1],[0,4]]}`, 'the entry of the tensor "a" is not a table'],
  [`{"a":null}`, 'the entry of the tensor "a" is not a table'],
  [
    `{"a":{"shape":[1],"data_offsets":[0,4]}}`,
    'the dtype of the tensor "a" is no text, and must be one of ' + known,
  ],
  [
    `{"a":${entry("F128", "[4]", 0, 4)}}`,
    'the dtype of the tensor "a" is "F128", and must be one of ' + known,
  ],
  [
    `{"a":${entry("f32", "[1]", 0, 4)}}`,
    'the dtype of the tensor "a" is "f32", and must be one of ' + known,
  ],
  ...["1", "[-1]", "[1.0]", "[1e0]", '["1"]', "[-0]", "[null]", "[18446744073709551616]", "{}"].map(
    (
      shape,
    ): [string, string] => [
      `{"a":${entry("F32", shape, 0, 4)}}`,
      'the shape of the tensor "a" is not a list of whole numbers ≥ 0',
    ],
  ),
  ...["4", "[4]", "[0,4,4]", "[-4,0]", "[0,4.0]", "[0,null]", "[0,-4]"].map((
    offsets,
  ): [string, string] => [
    `{"a":{"dtype":"F32","shape":[1],"data_offsets":${offsets}}}`,
    'the data_offsets of the tensor "a" are not two whole numbers ≥ 0',
  ]),
  ...["[4503599627370496]", "[94906267,94906267]", "[94906267,94906267,0]"].map((
    shape,
  ): [string, string] => [
    `{"a":${entry("F32", shape, 0, 4)}}`,
    'the shape of the tensor "a" is larger than any file, or ends within a byte',
  ]),
  ...[["F4", "[7]"], ["F4", "[1,3]"], ["F6_E2M3", "[3]"]].map((
    [dtype, shape],
  ): [string, string] => [
    `{"a":${entry(dtype!, shape!, 0, 4)}}`,
    'the shape of the tensor "a" is larger than any file, or ends within a byte',
  ]),
  [
    `{"a":${entry("F32", "[2]", 0, 4)}}`,
    'the data_offsets of the tensor "a" hold 4 bytes, and its dtype and shape take 8',
  ],
  [
    `{"a":${entry("F32", "[0]", 0, 4)}}`,
    'the data_offsets of the tensor "a" hold 4 bytes, and its dtype and shape take 0',
  ],
  [
    `{"a":${entry("F32", "[1]", 4, 0)}}`,
    'the data_offsets of the tensor "a" hold -4 bytes, and its dtype and shape take 4',
  ],
  [
    `{"a":${entry("U8", "[3]", 1, 4)}}`,
    'the tensor "a" starts at 1, and what is before it ends at 0',
  ],
  [
    `{"a":${entry("U8", "[1]", 0, 1)},"b":${entry("U8", "[2]", 2, 4)}}`,
    'the tensor "b" starts at 2, and what is before it ends at 1',
  ],
  [
    `{"a":${entry("U8", "[3]", 0, 3)},"b":${entry("U8", "[2]", 2, 4)}}`,
    'the tensor "b" starts at 2, and what is before it ends at 3',
  ],
  [`{"a":${a},"b":${a}}`, 'the tensor "b" starts at 0, and what is before it ends at 4'],
  [`{"a":${entry("U8", "[3]", 0, 3)}}`, "its tensors end at 3, and 4 bytes follow the header"],
  [`{"a":${entry("U8", "[5]", 0, 5)}}`, "its tensors end at 5, and 4 bytes follow the header"],
  ["{}", "its tensors end at 0, and 4 bytes follow the header"],
];

Deno.test("parseHeader() refuses each broken rule and says where", () => {
  for (const [header, reason] of wrong) {
    const bytes = typeof header === "string" ? encode(header) : header;
    const error = assertThrows(() => parseHeader("a.safetensors", bytes, 4), SafetensorsError);
    assertEquals(error.reason, reason);
    assertEquals(error.message, `Cannot read a.safetensors: ${reason}`);
    assertEquals([error.path, error.name], ["a.safetensors", "SafetensorsError"]);
    assertInstanceOf(error, SyntaxError);
  }
});

Deno.test("headerLength() reads the first eight bytes and refuses what the file cannot hold", () => {
  const first = (length: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(length).buffer);
  assertEquals(headerLength("f", first(92n), 100), 92);
  assertEquals(headerLength("f", first(100_000_000n), 1e9), 100_000_000);
  const cases: readonly (readonly [Uint8Array, number, string])[] = [
    [
      new Uint8Array(7),
      7,
      "it is not a safetensors file: it has 7 bytes, and the length of its header takes 8",
    ],
    [first(93n), 100, "its header would not fit: it takes 93 bytes, and the file has 92 for it"],
    [
      first(100_000_001n),
      1e9,
      "it is not a safetensors file: its header would take 100000001 bytes, and 100000000 are allowed",
    ],
    [
      first(2n ** 64n - 1n),
      1e9,
      "it is not a safetensors file: its header would take 18446744073709551615 bytes, and 100000000 are allowed",
    ],
  ];
  for (const [bytes, fileBytes, reason] of cases) {
    const error = assertThrows(() => headerLength("f", bytes, fileBytes), SafetensorsError);
    assertEquals(error.reason, reason);
  }
});

Deno.test("tensorBytes() is the product of the lengths times the bytes of a number", () => {
  assertEquals(tensorBytes({ dtype: "F64", shape: [] }), 8);
  assertEquals(tensorBytes({ dtype: "BF16", shape: [3, 5] }), 30);
  assertEquals(tensorBytes({ dtype: "I32", shape: [3, 0, 5] }), 0);
});
