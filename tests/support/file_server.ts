/** Files on a server of this machine, as a plain file server has them: types by the ends of names, and nothing else. */

const types: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  wasm: "application/wasm",
  txt: "text/plain",
};

/** A server under way. */
export interface FileServer extends AsyncDisposable {
  /** Its address, with a slash at its end. */
  readonly address: string;
  /** Bytes of files that it has sent. */
  sent(): number;
}

/** Headers with which a page may share memory with its threads. */
export const isolating: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/**
 * Serves files.
 *
 * @param files The content of each by its path, without a slash at its start.
 * @param headers Headers of every answer; none but the type by default.
 * @returns The server; it ends when it is disposed of.
 */
export function serveFiles(
  files: ReadonlyMap<string, string | Uint8Array>,
  headers: Readonly<Record<string, string>> = {},
): FileServer {
  const contents = new Map(
    [...files].map(([path, content]) => [
      `/${path}`,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    ]),
  );
  let sent = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const path = decodeURIComponent(/^\w+:\/\/[^/]*([^?#]*)/.exec(request.url)![1]!);
    const content = contents.get(path);
    if (content === undefined) return new Response("not found", { status: 404 });
    sent += content.length;
    return new Response(content as Uint8Array<ArrayBuffer>, {
      headers: {
        "content-type": types[path.split(".").at(-1)!] ?? "application/octet-stream",
        ...headers,
      },
    });
  });
  return {
    address: `http://127.0.0.1:${server.addr.port}/`,
    sent: () => sent,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
