// A queue for asynchronous work that must not overlap: each task starts when the one before has ended.

/** Runs pieces of work one after the other, in the order in which they were asked for. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs work after all that was asked for before has ended, well or not.
   *
   * @param work The work.
   * @returns What it gives.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {}); // whoever asked hears of it
    return result;
  }
}
