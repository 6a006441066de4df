// What messages show of values that may be of any length.

/** The most characters of a value in a message. */
const most = 80;

/**
 * The start of a text.
 *
 * @param text The text, of any length.
 * @returns It, or its first 80 characters with an ellipsis.
 */
export function cut(text: string): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * A text for a message: quoted, and cut where it is long.
 *
 * @param text The text, of any length.
 * @returns At most some 80 characters.
 */
export function excerpt(text: string): string {
  return JSON.stringify(cut(text));
}

/**
 * The name of a tensor or a file in a sentence: as it is, unless it is long or has characters that a terminal would not show as text.
 *
 * @param name The name, which a file gives.
 * @returns It, or an excerpt.
 */
export function nameText(name: string): string {
  return /^[^\p{C}\p{Z}"]{1,200}$/u.test(name) ? name : excerpt(name);
}

/** The most names in a sentence. */
const mostNames = 20;

/**
 * Names in a sentence.
 *
 * @param names The names, of any number.
 * @returns The first of them, and how many more there are.
 */
export function namesText(names: readonly string[]): string {
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  return `${names.slice(0, mostNames).map(nameText).join(", ")}${more}`;
}
