// data/README.md names each package that data is from, with the checksum that deno.lock holds it to.

import { assert, assertEquals } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";

const readme = await Deno.readTextFile(`${checkout}/data/README.md`);
const lock = JSON.parse(await Deno.readTextFile(`${checkout}/deno.lock`)) as {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
};

Deno.test("data/README.md has the checksum of each package of data, and deno.lock the same", () => {
  const listed = readme.split("## Data from packages")[1]!.matchAll(
    /npm `(?<name>[^`]+)` (?<version>\d[\d.]*\d)[^]*?`(?<integrity>sha512-[^`]+)`/g,
  );
  const found = Array.from(listed, ({ groups }) => groups!);
  assert(found.length > 1);
  for (const { name, version, integrity } of found) {
    assertEquals(lock.npm[`${name}@${version}`]?.integrity, integrity, name);
  }
});
