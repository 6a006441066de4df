// A cluster of Slurm with one node, this machine, in a folder: its own keys, ports and daemons, which end with it.

import { systemHas } from "./programs.ts";

/** Whether Debian's `slurm-wlm` is here, and its daemons may be started. */
export const canRunSlurm = Deno.build.os === "linux" && Deno.uid() === 0 &&
  ["munged", "slurmctld", "slurmd", "sbatch"].every(systemHas);

/** A cluster that runs. */
export interface Cluster extends AsyncDisposable {
  /** Submits a script in a folder, and waits until all of its jobs have ended; the result is whether all succeeded. */
  submit(
    script: string,
    folder: string,
  ): Promise<{ readonly success: boolean; readonly said: string }>;
}

/** A port that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** The settings of a cluster in a folder. */
const settingsIn = (folder: string, host: string): string =>
  `ClusterName=normkit
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${freePort()}
SlurmdPort=${freePort()}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket
SlurmUser=root
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000
PartitionName=main Nodes=ALL Default=YES State=UP
`;

/** Waits until something is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 200));
}

/**
 * Starts a cluster.
 *
 * @param folder An empty folder.
 * @returns The cluster, once its node takes jobs.
 */
export async function startSlurm(folder: string): Promise<Cluster> {
  const host = Deno.hostname().split(".")[0]!;
  await Promise.all(["state", "spool"].map((name) => Deno.mkdir(`${folder}/${name}`)));
  await Deno.chmod(folder, 0o711); // munge's socket is looked up by others
  await Deno.writeTextFile(`${folder}/slurm.conf`, settingsIn(folder, host));
  const key = crypto.getRandomValues(new Uint8Array(128));
  await Deno.writeFile(`${folder}/munge.key`, key, { mode: 0o600 });
  const env = { SLURM_CONF: `${folder}/slurm.conf` };
  const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const daemons: Deno.ChildProcess[] = [];
  const start = (program: string, ...args: string[]): void => {
    daemons.unshift(new Deno.Command(program, { args, env, ...quiet }).spawn());
  };
  const munge = Object.entries({
    socket: "socket",
    "key-file": "key",
    "pid-file": "pid",
    "seed-file": "seed",
    "log-file": "log",
  });
  start(
    "munged",
    "-f",
    "-F",
    ...munge.map(([option, end]) => `--${option}=${folder}/munge.${end}`),
  );
  await until(() => Deno.stat(`${folder}/munge.socket`).then(() => true, () => false));
  start("slurmctld", "-D");
  start("slurmd", "-D");
  const run = async (program: string, args: string[], cwd = folder) => {
    const { success, stdout, stderr } = await new Deno.Command(program, { args, env, cwd })
      .output();
    const [said, told] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { success, said: `${said}${told}` };
  };
  await until(async () => (await run("sinfo", ["-h", "-o", "%T"])).said.trim() === "idle");
  return {
    submit: (script, folder) => run("sbatch", ["--wait", script], folder),
    [Symbol.asyncDispose]: async () => {
      for (const daemon of daemons) {
        daemon.kill("SIGTERM");
        await daemon.status;
      }
    },
  };
}
