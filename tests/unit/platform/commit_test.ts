// The commit in a manifest is that of normkit's code, and never that of a repository around it.

import { assertEquals, assertMatch } from "@std/assert";
import { commitOf } from "../../../lib/platform/commit.ts";
import { inCheckout, runScript } from "../../support/script.ts";
import { inFolder } from "../checkpoint/files.ts";

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  const { stdout } = await new Deno.Command("git", { args: [...identity, ...args], cwd }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("commitOf() knows a checkout's own commit, and none of a package inside of another's", () =>
  inFolder(async (folder) => {
    await git(folder, "init", "--quiet");
    await git(folder, "commit", "--quiet", "--allow-empty", "--message", "theirs");
    const commit = await git(folder, "rev-parse", "--short", "HEAD");
    assertMatch(commit, /^[0-9a-f]{7,}$/);
    assertEquals(await commitOf(folder), commit);
    const inside = `${folder}/node_modules/normkit`;
    await Deno.mkdir(inside, { recursive: true });
    assertEquals(await commitOf(inside), undefined);
    const { out } = await runScript(
      `import { commitOf } from ${inCheckout("lib/platform/commit.ts")};
console.log(await commitOf(${JSON.stringify(inside)}), await commitOf(Deno.cwd()));`,
      { cwd: folder },
    );
    assertEquals(out, `undefined ${commit}\n`, "from theirs");
    await git(folder, "worktree", "add", "--quiet", `${folder}/tree`);
    assertEquals(await commitOf(`${folder}/tree`), commit);
    assertEquals(await commitOf(`${folder}/nowhere`), undefined);
    await git(folder, "tag", "v1");
    assertEquals(await commitOf(folder), commit, "not the tag");
    await Deno.writeTextFile(`${folder}/code.ts`, "1");
    assertEquals(await commitOf(folder), commit, "a file beside the code");
    await git(folder, "add", "code.ts");
    assertEquals(await commitOf(folder), `${commit}-dirty`);
  }));
