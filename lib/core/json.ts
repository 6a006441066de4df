// JSON with the numbers that JSON does not have.

/** Numbers that JSON does not have, by the strings that stand for them. */
const unwritable: ReadonlyMap<unknown, number> = new Map(
  [NaN, Infinity, -Infinity].map((value) => [String(value), value]),
);

/**
 * Writes a value as JSON; numbers that JSON does not have become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
 *
 * @param value The value.
 * @param indent Spaces of indentation; all in one line by default.
 * @returns The text.
 */
export function jsonText(value: unknown, indent?: number): string {
  const named = (_: string, one: unknown): unknown =>
    typeof one === "number" && !Number.isFinite(one) ? String(one) : one;
  return JSON.stringify(value, named, indent);
}

/**
 * Reads what {@linkcode jsonText} wrote.
 *
 * @param text The text.
 * @returns The value, strings that stand for numbers as those numbers.
 * @throws {SyntaxError} If it is not JSON.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_, value) => unwritable.get(value) ?? value);
}
