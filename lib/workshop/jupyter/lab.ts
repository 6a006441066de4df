/**
 * JupyterLab on the checkout's notebooks, with everything that it needs inside the checkout: a virtual
 * environment in `.venv`, the kernel and Jupyter's own files in `.jupyter`.
 */
import { undoneAtEnd } from "../../platform/cleanup.ts";
import { exists, writeAtomically } from "../../platform/files.ts";
import { makeVenv, programIn } from "./virtual_environment.ts";

const jupyterLab = "jupyterlab==4.6.4";

/** How JupyterLab is run. */
export interface LabOptions {
  /** The checkout. */
  readonly root: string;
  /** Arguments for `jupyter lab`, such as `--no-browser`. */
  readonly args?: readonly string[];
  /** Whether to set everything up and stop before the server starts. */
  readonly setupOnly?: boolean;
  /** Ends the server and its kernels. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the kernel's description for Jupyter.
 *
 * The stop button must send a message: the default, a signal, would end the kernel.
 *
 * @param folder Jupyter's data folder; the description goes to `kernels/deno/kernel.json`.
 */
export async function writeKernelspec(folder: string): Promise<void> {
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
    interrupt_mode: "message",
    env: { NO_COLOR: "1" },
  };
  await writeAtomically(`${folder}/kernels/deno/kernel.json`, `${JSON.stringify(spec, null, 2)}\n`);
}

/**
 * Answers what JupyterLab asks at its first start, whether it may fetch news: no. What a user has answered stays.
 *
 * @param folder JupyterLab's folder of settings.
 */
export async function refuseNews(folder: string): Promise<void> {
  const file = `${folder}/@jupyterlab/apputils-extension/notification.jupyterlab-settings`;
  if (!await exists(file)) await writeAtomically(file, '{ "fetchNews": "false" }\n');
}

/**
 * Sets JupyterLab up where it is missing and runs it in the notebooks' folder until it ends.
 *
 * @param options The checkout and the server's arguments.
 * @returns The server's exit code; 0 after the signal.
 * @throws {Error} If Python 3 is missing, or the installation fails, or the notebooks cannot be trusted.
 */
export async function runLab(
  { root, args = [], setupOnly = false, signal }: LabOptions,
): Promise<number> {
  const [venv, state] = [`${root}/.venv`, `${root}/.jupyter`];
  if (!await exists(programIn(venv, "jupyter-lab"))) await makeVenv(venv, [jupyterLab]);
  console.log(`Writing the Deno kernel to ${state}/kernels/deno`);
  await writeKernelspec(state);
  await refuseNews(`${state}/lab/settings`);
  const env = {
    JUPYTER_PATH: state,
    JUPYTER_DATA_DIR: `${state}/data`,
    JUPYTER_CONFIG_DIR: `${state}/config`,
    JUPYTER_RUNTIME_DIR: `${state}/runtime`,
    IPYTHONDIR: `${state}/ipython`,
    JUPYTERLAB_SETTINGS_DIR: `${state}/lab/settings`,
    JUPYTERLAB_WORKSPACES_DIR: `${state}/lab/workspaces`,
    PYDEVD_DISABLE_FILE_VALIDATION: "1",
  };
  const notebooks: string[] = [];
  for await (const { name } of Deno.readDir(`${root}/notebooks`)) {
    if (name.endsWith(".ipynb")) notebooks.push(`${root}/notebooks/${name}`);
  }
  console.log(`Trusting ${notebooks.length} notebooks`);
  const trust = await new Deno.Command(programIn(venv, "jupyter"), {
    args: ["trust", ...notebooks],
    env,
    stdout: "null",
  })
    .output();
  if (!trust.success) {
    throw new Error(`Cannot trust the notebooks: ${new TextDecoder().decode(trust.stderr)}`);
  }
  const isStopped = (): boolean => signal?.aborted === true;
  if (setupOnly || isStopped()) return 0;
  console.log("Starting JupyterLab; Ctrl-C ends it");
  const server = new Deno.Command(programIn(venv, "jupyter-lab"), {
    args: [...args],
    cwd: `${root}/notebooks`,
    env,
    detached: true, // a terminal's Ctrl-C besides our signal would end it before its kernels
  }).spawn();
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    server.kill("SIGTERM"); // ends the server and its kernels without asking
  };
  using _undo = undoneAtEnd(stop);
  signal?.addEventListener("abort", stop);
  try {
    const { code } = await server.status;
    return isStopped() ? 0 : code;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
