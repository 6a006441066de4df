// Texts that programs write, as `deno fmt` has them.

/**
 * A text as `deno fmt` writes it.
 *
 * @param text The text.
 * @param extension What it is.
 * @param root The checkout, whose rules hold.
 * @returns The same, formatted.
 */
export async function formatted(
  text: string,
  extension: "md" | "json",
  root: string,
): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", `--ext=${extension}`, "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}
