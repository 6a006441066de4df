// What a page says of its address.

/**
 * Says at the top of the page's text what is wrong with its address.
 *
 * @param text The sentence.
 */
export function sayAtTop(text: string): void {
  const note = document.createElement("p");
  note.className = "notes";
  note.role = "alert";
  note.textContent = text;
  document.querySelector("main")!.prepend(note);
}
