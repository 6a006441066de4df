// The commit of normkit's own code, for manifests.

import { platform } from "./mod.ts";
import { dirname } from "./path.ts";

/** The checkout of this package; undefined where the code was not loaded from files. */
const root = (): string | undefined =>
  import.meta.dirname === undefined ? undefined : dirname(dirname(import.meta.dirname));

/**
 * The commit of a package, where it is a git checkout by itself. A repository around it, such as the one of a program that uses the
 * package, is another's.
 *
 * @param folder The package's folder; normkit's own by default.
 * @returns Its short id, with `-dirty` behind it where tracked files are not as committed; undefined where there is no checkout or no
 * git: the version then says which code it is.
 */
export async function commitOf(folder: string | undefined = root()): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  try {
    await platform.lstat(`${folder}/.git`); // a file in a worktree
    const own = [`--git-dir=${folder}/.git`, `--work-tree=${folder}`];
    const words = [...own, "describe", "--always", "--dirty", "--exclude=*"];
    const git = await platform.run("git", words, folder);
    return git?.success === true ? git.output.trim() : undefined;
  } catch {
    return undefined;
  }
}
