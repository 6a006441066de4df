// A worker's half of its talk with a page.

/** What of a worker's global object is used. */
interface WorkerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;

/**
 * Takes a page's orders, and says that it does.
 *
 * @param take Is called with each.
 */
export function takeOrders<Order>(take: (order: Order) => void): void {
  scope.onmessage = ({ data }) => take(data as Order);
  scope.postMessage("ready");
}

/**
 * Tells the page something.
 *
 * @param report What is told; it is copied.
 */
export function report<Report>(report: Report): void {
  scope.postMessage(report);
}

/** @returns What is wrong, in the words of whoever threw it. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
