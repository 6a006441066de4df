// `deno task score`: the score that JSR will give the package.

import { resolve } from "node:path";
import { type Command, requireWords, stringOptions, textOption } from "../cli/command.ts";
import { checkout } from "./checkout.ts";
import { provenance, type Rule, scoreOf } from "./jsr.ts";
import { runTask } from "./task.ts";

/** `deno task score`: its help, its options, and the run. */
export const scoreCommand: Command = {
  summary: "the score that JSR gives the package",
  help: `Usage: deno task score [options]

Computes JSR's score, rule by rule. The point of provenance comes with publishing from a workflow; with less than all others the task
fails.

  --package DIR   the package; this checkout by default
  --json          one JSON object`,
  options: { ...stringOptions("package"), json: { type: "boolean" } },
  run: async (args) => {
    requireWords(args, []);
    const rules = await scoreOf(resolve(textOption(args, "package") ?? checkout));
    const sum = (of: (rule: Rule) => number): number =>
      rules.reduce((all, rule) => all + of(rule), 0);
    const [points, most] = [sum((rule) => rule.points), sum((rule) => rule.most)];
    const lines = rules.map(({ name, points, most, detail }) =>
      `${name.padEnd(18)} ${points} of ${most}  ${detail}`
    );
    return {
      code: rules.every(({ name, points, most }) => name === provenance || points === most) ? 0 : 1,
      report: { points, most, rules },
      text: [...lines, `${points} of ${most} points`].join("\n"),
    };
  },
};

if (import.meta.main) Deno.exit(await runTask("score", scoreCommand, Deno.args));
