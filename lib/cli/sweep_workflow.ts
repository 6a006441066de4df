// `normkit sweep workflow`: a sweep for the engines of clusters, as a Snakemake workflow and a job array of Slurm. Both call `sweep cell`,
// whose results are files of their own, so that they need no merging but lying in one folder.

import { writeAtomically } from "../platform/files.ts";
import { basename } from "../platform/path.ts";
import { type Arguments, countOption, type Outcome } from "./command.ts";
import { commandLine } from "./shell.ts";
import { ownCall, type SweepPlace } from "./sweep_run.ts";

/** What both files are made of. */
interface Job {
  readonly file: string;
  readonly out: string;
  readonly cells: readonly string[];
  /** The command line that this one was started by. */
  readonly call: string;
}

/** A text as Python writes it, within a pattern whose braces are wildcards. */
const inPattern = (text: string): string => JSON.stringify(text.replace(/[{}]/g, "$&$&"));

/** The Snakemake workflow. States stay when a job is ended, so that the next try goes on from them. */
function snakefile({ file, out, cells, call }: Job): string {
  const run = commandLine("snakemake -s", [`${out}.workflow/Snakefile`]);
  return `# Written by \`normkit sweep workflow\`. Run it where the paths below begin, with any executor:
#   ${run} --cores 4
#   ${run} --executor slurm --jobs 100
NORMKIT = config.get("normkit", ${JSON.stringify(call)})
CELLS = ${JSON.stringify(cells, undefined, 4)}


rule all:
    input:
        expand(${inPattern(`${out}/`)} + "{cell}.json", cell=CELLS),


rule cell:
    output:
        ${inPattern(`${out}/`)} + "{cell}.json",
        ${inPattern(`${out}/`)} + "{cell}.jsonl",
    wildcard_constraints:
        cell="[0-9a-f]+",
    params:
        normkit=NORMKIT,
        file=${JSON.stringify(file)},
        out=${JSON.stringify(out)},
    threads: 1
    retries: 2
    resources:
        mem_mb=2000,
    shell:
        "{params.normkit} sweep cell {params.file:q} {wildcards.cell} --out {params.out:q}"
`;
}

/** The job array. Slurm's SIGTERM, before its time is up, saves the state; the job that is queued again goes on from it. */
function slurmScript({ file, out, cells, call }: Job, jobs: number): string {
  const own = commandLine("sweep cell", [file]);
  return `#!/bin/bash
# Written by \`normkit sweep workflow\`. Run it where the paths below begin: ${
    commandLine("sbatch", [`${out}.workflow/array.sh`])
  }
#SBATCH --job-name=${basename(out).replaceAll(/[^\w.-]/g, "_")}
#SBATCH --array=0-${jobs - 1}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=2000M
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
set -eu
cells=(
${cells.map((cell) => `  ${cell}`).join("\n")}
)
mine=()
for ((at = SLURM_ARRAY_TASK_ID; at < \${#cells[@]}; at += ${jobs})); do
  mine+=("\${cells[at]}")
done
exec \${NORMKIT:-${call}} ${own} "\${mine[@]}" ${commandLine("--out", [out])}
`;
}

/**
 * Writes both files beside the folder of the runs.
 *
 * @param place The sweep.
 * @param args How many jobs an array has.
 * @returns The outcome.
 * @throws {RangeError} If the sweep halves: an engine does not compare its cells.
 */
export async function workflowOf({ sweep, out }: SweepPlace, args: Arguments): Promise<Outcome> {
  const { path, cells, file } = sweep;
  if (file.halving !== undefined) {
    throw new RangeError(
      `Cannot make a workflow of ${path}: it halves, and an engine does not compare cells; run it, or leave halving out`,
    );
  }
  const names = cells.map(({ name }) => name);
  const [program = "", ...words] = ownCall();
  const job = { file: path, out, cells: names, call: commandLine(program, words) };
  const jobs = Math.min(countOption(args, "jobs") ?? 1000, names.length); // Slurm's own limit is 1001 by default
  const folder = `${out}.workflow`;
  await writeAtomically(`${folder}/Snakefile`, snakefile(job));
  await writeAtomically(`${folder}/array.sh`, slurmScript(job, jobs));
  return {
    report: { folder, cells: names.length, jobs },
    text: `Wrote ${folder}/Snakefile and array.sh: ${names.length} cells, ${jobs} jobs of an array`,
  };
}
