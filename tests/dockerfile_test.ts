// The image of .ci/Dockerfile as far as that can be told without Docker: good manners of its lines, and what they do in a folder.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname } from "node:path";
import { checkout } from "../lib/workshop/checkout.ts";
import { inFolder } from "./unit/checkpoint/files.ts";
import { makeSweep } from "../lib/sweep/sweep.ts";
import { tinySweep } from "./unit/sweep/tiny_sweep.ts";

type Line = readonly [instruction: string, rest: string];

/** The instructions of a Dockerfile; none of ours goes over several lines. */
const linesOf = (text: string): Line[] =>
  text.split("\n").filter((line) => /^[A-Z]/.test(line)).map((line) => {
    const [, instruction, rest] = /^([A-Z]+) (.*)$/.exec(line)!;
    return [instruction!, rest!];
  });

const text = await Deno.readTextFile(`${checkout}/.ci/Dockerfile`);
const lines = linesOf(text);

/** What is wrong with lines, by the rules of hadolint that concern them. */
function complaints(lines: readonly Line[]): string[] {
  const last = (wanted: string): string | undefined =>
    lines.findLast(([instruction]) => instruction === wanted)?.[1];
  const rules: readonly (readonly [string, boolean])[] = [
    ["DL3006 and DL3007: the image has a version", /^\S+:\d[\w.-]*$/.test(last("FROM") ?? "")],
    [
      "DL3000: folders of WORKDIR are absolute",
      lines.every(([name, rest]) => name !== "WORKDIR" || rest.startsWith("/")),
    ],
    ["DL3002: the last user is not root", !["root", "0", undefined].includes(last("USER"))],
    ["DL3020: COPY in place of ADD", lines.every(([name]) => name !== "ADD")],
    [
      "DL3025: programs are lists",
      ["ENTRYPOINT", "CMD"].every((name) => (last(name) ?? "[]").startsWith("[")),
    ],
    [
      "DL3003: WORKDIR in place of cd",
      lines.every(([name, rest]) => name !== "RUN" || !/\bcd\b/.test(rest)),
    ],
  ];
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule);
}

Deno.test("the Dockerfile keeps the rules of hadolint, and each of them finds what breaks it", () => {
  assertEquals(complaints(lines), []);
  const broken = [
    ["deno:2.9.6", "deno:latest"],
    ["/normkit\n", "normkit\n"],
    ["USER deno", "USER root"],
    ["COPY lib lib", "ADD lib lib"],
    ['CMD ["--help"]', "CMD --help"],
    ["RUN deno", "RUN cd lib && deno"],
  ] as const;
  for (const [right, wrong] of broken) {
    assertEquals(complaints(linesOf(text.replace(right, wrong))).length, 1, wrong);
  }
});

Deno.test("the image has the Deno of CI", async () => {
  const run = await Deno.readTextFile(`${checkout}/.ci/run`);
  const version = /^deno_version=(.*)$/m.exec(run)![1];
  assertEquals(lines[0], ["FROM", `denoland/deno:${version}`]);
});

/** Copies what a COPY names into a folder, without what its .dockerignore leaves out. */
async function copy(words: readonly string[], folder: string): Promise<void> {
  const [target, ...sources] = words.toReversed();
  for (const source of sources) {
    const to = target!.endsWith("/") ? `${folder}/${source}` : `${folder}/${target}`;
    await Deno.mkdir(dirname(to), { recursive: true });
    const args = ["-r", `${checkout}/${source}`, to];
    assert((await new Deno.Command("cp", { args }).output()).success);
  }
  await Deno.remove(`${folder}/lib/workshop`, { recursive: true }).catch(() => {});
}

Deno.test({
  name: "what the Dockerfile copies and runs makes a folder in which a cell of a sweep is trained",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const ignored = await Deno.readTextFile(`${checkout}/.ci/Dockerfile.dockerignore`);
      assertMatch(ignored, /^lib\/workshop$/m);
      const own = `${folder}/normkit`;
      await Deno.mkdir(own);
      const cwd = own;
      for (const [instruction, rest] of lines) {
        if (instruction === "COPY") await copy(rest.split(" "), own);
        if (instruction !== "RUN") continue;
        const args = ["-c", rest.replace(/^deno /, `"${Deno.execPath()}" `)];
        const { success, stderr } = await new Deno.Command("sh", { args, cwd }).output();
        assert(success, new TextDecoder().decode(stderr));
      }
      await Deno.writeTextFile(`${folder}/a.json`, JSON.stringify(tinySweep));
      const [cell] = (await makeSweep(tinySweep)).cells;
      const entry = JSON.parse(lines.find(([name]) => name === "ENTRYPOINT")![1]) as string[];
      const args = [
        ...entry.slice(1).map((word) => word.replace(/^\/normkit\//, `${own}/`)),
        ...["sweep", "cell", "a.json", cell!.name],
      ];
      const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder })
        .output();
      assert(success, new TextDecoder().decode(stderr));
      await Deno.stat(`${folder}/a/${cell!.name}.json`);
    }),
});
