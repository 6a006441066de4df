import { assertEquals } from "@std/assert";
import { collect, groupBy } from "../../../lib/core/collections.ts";

Deno.test("groupBy() groups as Map.groupBy() does", () => {
  const items = ["b1", "a1", "b2", "", "a2"];
  const keyOf = (item: string): string | undefined => item[0];
  assertEquals([...groupBy(items, keyOf)], [...Map.groupBy(items, keyOf)]);
  assertEquals([...groupBy(items.keys(), (at) => at % 2)], [[0, [0, 2, 4]], [1, [1, 3]]]);
});

Deno.test("collect() awaits every item in order", async () => {
  const items = async function* (): AsyncGenerator<number> {
    yield 1;
    await Promise.resolve();
    yield 2;
  };
  assertEquals(await collect(items()), [1, 2]);
});
