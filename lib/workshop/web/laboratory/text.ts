// The text that designs learn: the beginning of Moby-Dick, a file beside the pages.

/** The text's file. */
export const textFile = "./moby_dick.txt";

/** What the text is called. */
export const textName = "Moby-Dick, its beginning";

/** How many characters of the book it has: more than the longest training reads once. */
export const textLength = 200_000;
