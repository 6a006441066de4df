/** Text that was written for a terminal. */

/** Control sequences, and commands such as links, as ECMA-48 and xterm have them. */
const escapes =
  // deno-lint-ignore no-control-regex
  /\u001b(?:\[[0-?]*[ -\/]*[@-~]?|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -\/]*[0-~]?)/g;

/**
 * Text without the colors, links and movements of terminals.
 *
 * @param text What a program printed.
 * @returns The words alone.
 */
export function withoutEscapes(text: string): string {
  return text.replaceAll(escapes, "");
}
