// Command lines that a reader copies into a shell.

/** A word as a shell reads it: quoted where it has a letter that means something there. */
function quoted(word: string): string {
  return /^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command as it is typed.
 *
 * @param command The command, with words that need no quotes.
 * @param args The words after it.
 * @returns One line; a word with a space or another special letter is in single quotes.
 */
export function commandLine(command: string, args: readonly string[]): string {
  return [command, ...args.map(quoted)].join(" ");
}
