/** Virtual environments of Python: made once, with packages of the index that pip knows. */

/**
 * Python cannot be run or lacks something; the message says what to do.
 *
 * Cause: no Python 3 on this machine, one without `venv`, or no way to its package index.
 * Remedy: install what the message names; only JupyterLab and the comparison with transformers need Python.
 */
export class PythonError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "PythonError";
}

/**
 * The path of a program in a virtual environment of Python.
 *
 * @param venv The environment's folder.
 * @param name The program, such as `pip`.
 * @param os The system.
 * @returns The path.
 */
export function programIn(venv: string, name: string, os: string = Deno.build.os): string {
  return os === "windows" ? `${venv}\\Scripts\\${name}.exe` : `${venv}/bin/${name}`;
}

async function run(command: string, args: readonly string[], remedy: string): Promise<void> {
  let success = false;
  try {
    ({ success } = await new Deno.Command(command, { args: [...args] }).spawn().status);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (!success) {
    throw new PythonError(`Cannot run ${command} ${args.slice(0, 3).join(" ")}: ${remedy}`);
  }
}

/**
 * Makes a virtual environment and installs packages.
 *
 * @param venv The environment's folder; what an interrupted call left there is completed.
 * @param packages The packages with their versions, as pip names them.
 * @throws {PythonError} If there is no Python 3 with venv, or a package cannot be installed.
 */
export async function makeVenv(venv: string, packages: readonly string[]): Promise<void> {
  console.log(`Making a virtual environment in ${venv}`);
  const python = Deno.build.os === "windows" ? "python" : "python3";
  await run(python, ["-m", "venv", venv], "install Python 3 with venv (Debian: python3-venv)");
  console.log(
    `Installing ${packages.join(", ")} and what they need; pip says nothing for some minutes …`,
  );
  await run(
    programIn(venv, "python"),
    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=10", ...packages],
    "the package index must be reachable",
  );
}
