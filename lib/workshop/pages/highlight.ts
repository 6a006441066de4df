/**
 * Code with its words colored by highlight.js.
 */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import coq from "highlight.js/lib/languages/coq";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import { escapeHtml } from "./html.ts";

// Those that the project's notebooks use: in other grammars a few kilobytes can take seconds.
const languages = { bash, coq, javascript, json, python, typescript };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

// What they do in time that grows with the square of a text is bounded by two lengths, in characters.
const longestColored = 10_000;
const longestColoredRun = 300;

/**
 * Code with its words colored.
 *
 * @param code The text.
 * @param language Its language; one that is not known stays plain, as does code of more than ten thousand characters, or with
 * more than three hundred characters or blanks in a row.
 * @returns HTML.
 */
export function highlight(code: string, language = "typescript"): string {
  const isColored = hljs.getLanguage(language) !== undefined && code.length <= longestColored &&
    (code.match(/\s+|\S+/g) ?? []).every(({ length }) => length <= longestColoredRun);
  return isColored ? hljs.highlight(code, { language }).value : escapeHtml(code);
}
