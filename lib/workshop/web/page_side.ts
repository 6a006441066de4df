// A page's half of its talk with a worker.

/** A worker under way. */
export interface PageWorker<Order> {
  /** Gives it an order; where it has ended, to one that starts anew. */
  order(order: Order): void;
  /** Ends it, whatever it does, and frees what it holds. */
  end(): void;
}

/** Starts a module as a worker. */
function start<Order>(
  file: string,
  onReport: (report: unknown) => void,
  onFailure: (message: string) => void,
): PageWorker<Order> {
  const address = JSON.stringify(new URL(file, import.meta.url).href);
  const text = new Blob([`import ${address};`], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(text), { type: "module" });
  const early: Order[] = []; // a module has no listener before it is loaded
  let isReady = false;
  worker.onmessage = ({ data }) => {
    if (data === "ready") {
      isReady = true;
      for (const order of early) worker.postMessage(order);
    } else onReport(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    onFailure(event.message ?? `Cannot load ${file}`);
  };
  return {
    order: (order) => isReady ? worker.postMessage(order) : void early.push(order),
    end: () => worker.terminate(),
  };
}

/**
 * Starts a worker under the page's own policy: one that was loaded from an address would have none, and could reach any host; one
 * that is made of a text has its maker's. Where it fails it ends, so that the next order finds one that works.
 *
 * @param file The worker's module, beside this one.
 * @param listen Is called with each report, and with what makes the worker fail.
 * @returns The worker.
 */
export function startWorker<Order, Report>(
  file: string,
  listen: {
    readonly onReport: (report: Report) => void;
    readonly onFailure: (message: string) => void;
  },
): PageWorker<Order> {
  const begin = (): PageWorker<Order> =>
    start(file, (report) => listen.onReport(report as Report), (message) => {
      end();
      listen.onFailure(message);
    });
  let worker: PageWorker<Order> | undefined = begin();
  const end = (): void => {
    worker?.end();
    worker = undefined;
  };
  return { order: (order) => (worker ??= begin()).order(order), end };
}
