// A project of npm in a new folder, with the package as `deno task npm` makes it.

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { packNpm } from "../../lib/workshop/npm.ts";

/** What a program has done. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A user's project. */
export interface NpmProject extends AsyncDisposable {
  readonly folder: string;
  /** The bytes of the package's archive. */
  readonly size: number;
  /** Writes a file. */
  write(path: string, text: string): Promise<void>;
  /** Runs a program in it. */
  run(program: string, ...args: readonly string[]): Promise<Ended>;
  /** Installs packages; the package itself is `PACKED`. */
  install(...args: readonly string[]): Promise<void>;
}

/** Makes the package, and an empty project. */
export async function newNpmProject(): Promise<NpmProject> {
  const root = await Deno.makeTempDir();
  const folder = join(root, "my project");
  await Deno.mkdir(folder);
  const archive = await packNpm(root);
  const run = async (program: string, ...args: readonly string[]): Promise<Ended> => {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd: folder,
      env: { NO_COLOR: "1", NO_UPDATE_NOTIFIER: "1" },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  };
  const write = (path: string, text: string): Promise<void> =>
    Deno.writeTextFile(join(folder, path), text);
  await write("package.json", JSON.stringify({ name: "mine", private: true, type: "module" }));
  return {
    folder,
    size: (await Deno.stat(archive)).size,
    write,
    run,
    install: async (...args) => {
      const words = args.map((word) => word === "PACKED" ? archive : word);
      const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
      const { code, err } = await run("npm", "install", ...flags, ...words);
      assertEquals(code, 0, err);
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}
