// A modeling description as Markdown.

import type { ModelingDescription } from "./modeling_description.ts";
import type { Resolved } from "./modeling_resolve.ts";

/** Whether a value is an object of keys. */
function isObject(value: unknown): value is Resolved {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in one line: names of tensors as code. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (isObject(value)) {
    return Object.entries(value).map(([key, inner]) => `${key} ${inline(inner)}`).join(", ");
  }
  return typeof value === "string" && /[._]/.test(value) ? `\`${value}\`` : `${value}`;
}

/** Whether a value fits a line: no objects in objects. */
function isFlat(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((inner) => !isObject(inner));
  return !isObject(value) || Object.values(value).every((inner) => !isObject(inner));
}

/** A value as a nested list. */
function list(value: Resolved, indent = ""): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (isFlat(inner)) return [`${indent}- ${key}: ${inline(inner)}`];
    const parts = Array.isArray(inner)
      ? inner.flatMap((one, at) => [`${indent}  - ${at}`, ...list(one, `${indent}    `)])
      : list(inner as Resolved, `${indent}  `);
    return [`${indent}- ${key}`, ...parts];
  });
}

/** The text of a layer with its number in names replaced by {l}, so that equal layers read the same. */
function layerText(block: Resolved, number: number): string {
  return list(block).join("\n").replaceAll(new RegExp(`\\.${number}\\.`, "g"), ".{l}.");
}

/** Layers after each other that differ in the number in their names alone. */
function layersOf(stack: Resolved): { readonly title: string; readonly text: string }[] {
  const blocks = stack["blocks"] as readonly Resolved[];
  const second = blocks.length > 1 ? blocks[1]! : blocks[0];
  // names count from 0, or as those of normkit's own decoders from 1
  const first = second !== undefined && JSON.stringify(second).includes(".2.") &&
      !JSON.stringify(blocks[0]).includes(".0.")
    ? 1
    : 0;
  const groups: { from: number; to: number; text: string }[] = [];
  for (const [at, block] of blocks.entries()) {
    const text = layerText(block, at + first);
    const last = groups.at(-1);
    if (last?.text === text) last.to = at + first;
    else groups.push({ from: at + first, to: at + first, text });
  }
  return groups.map(({ from, to, text }) => ({
    title: from === to ? `Layer l = ${from}` : `Layers l = ${from} … ${to}`,
    text,
  }));
}

/**
 * A modeling description as Markdown, with the same content.
 *
 * @param description The description.
 * @returns The text of a `MODELING.md`.
 */
export function modelingText(spec: ModelingDescription): string {
  const { family, normkit, stacks, heads, mean, formulas, tensors } = spec;
  const sections = Object.entries(stacks).flatMap(([name, stack]) => {
    const { blocks: _, ...rest } = stack;
    return [
      `## Stack \`${name}\``,
      list(rest).join("\n"),
      ...layersOf(stack).flatMap(({ title, text }) => [`### ${title}`, text]),
    ];
  });
  const rows = Object.entries(tensors).map(([name, { dtype, shape }]) =>
    `| \`${name}\` | ${dtype} | [${shape.join(", ")}] |`
  );
  return [
    `# How to compute this model`,
    `A model of the family ${family}, written by normkit ${normkit}. Its tensors are in the safetensors files beside this text; ` +
    "`modeling.json` says the same for machines. Arrays are row-major. Nothing but the formulas below is needed.",
    "1. Each stack, in order: its entry, `entryNorm` where there is one, the subtraction of the mean where `recenter` is true, its blocks, its " +
    "`final` norm. A stack carries one row x of `width` numbers for each token or image square.\n" +
    "2. Each head reads the final norm of its stack.",
    "A gain that is not named is 1, a bias that is not named is 0. `eps` is ε inside the root.",
    "## Formulas",
    ...Object.entries(formulas).flatMap(([name, lines]) => [
      `**${name}**`,
      ["```", ...lines, "```"].join("\n"),
    ]),
    ...sections,
    "## Heads",
    ...heads.map((head) => list(head).join("\n")),
    ...(mean === undefined
      ? []
      : [`\`${mean.output}\` is the mean of \`${mean.of.join("` and `")}\`.`]),
    "## Tensors",
    ["| name | dtype | shape |", "| --- | --- | --- |", ...rows].join("\n"),
  ].join("\n\n") + "\n";
}
