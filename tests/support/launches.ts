// What is handed to a GPU, counted where the runtime takes it: programs by name, and how often commands are submitted.

/** What was handed over. */
export interface Launches {
  /** How often each program ran. */
  readonly programs: ReadonlyMap<string, number>;
  /** All of them together. */
  readonly count: number;
  /** Submissions of commands. */
  readonly submits: number;
}

/**
 * Counts what `f` hands over. Nothing else is to use the GPU meanwhile.
 *
 * @param f Computes and reads.
 * @returns What was handed over.
 */
export async function launchesOf(f: () => Promise<unknown>): Promise<Launches> {
  const [pass, queue] = [GPUComputePassEncoder.prototype, GPUQueue.prototype];
  const { setPipeline, dispatchWorkgroups } = pass;
  const { submit } = queue;
  const programs = new Map<string, number>();
  let [name, submits] = ["", 0];
  pass.setPipeline = function (pipeline) {
    name = pipeline.label;
    setPipeline.call(this, pipeline);
  };
  pass.dispatchWorkgroups = function (...groups) {
    programs.set(name, (programs.get(name) ?? 0) + 1);
    dispatchWorkgroups.apply(this, groups);
  };
  queue.submit = function (commands) {
    submits++;
    submit.call(this, commands);
  };
  try {
    await f();
  } finally {
    Object.assign(pass, { setPipeline, dispatchWorkgroups });
    Object.assign(queue, { submit });
  }
  const count = [...programs.values()].reduce((total, times) => total + times, 0);
  return { programs, count, submits };
}
