// The package as JSR has it: published by `deno publish` to a registry on this machine, which rewrites imports as for the real one.

import { assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { checkout } from "../../lib/workshop/checkout.ts";

/** A registry with one version of the package. */
export interface Registry extends AsyncDisposable {
  /** Its address, for `JSR_URL`. */
  readonly url: string;
  /** The package's files by their paths, as `deno publish` has sent them. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The bytes of the archive in which they were sent. */
  readonly size: number;
}

const { name, version, exports } = JSON.parse(
  await Deno.readTextFile(`${checkout}/deno.json`),
) as { name: string; version: string; exports: Record<string, string> };

/** How a user imports the package. */
export const packageOnJsr = `jsr:${name}@${version}`;

/** The files of a gzipped tar archive, by their paths. */
function unpack(archive: ArrayBuffer): Map<string, Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(gunzipSync(archive));
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const text = (at: number, length: number): string =>
    new TextDecoder().decode(bytes.subarray(at, at + length)).split("\0")[0]!;
  for (let at = 0; at < bytes.length && bytes[at] !== 0;) {
    const [path, size] = [text(at, 100), parseInt(text(at + 124, 12), 8)];
    files.set(path, bytes.subarray(at + 512, at + 512 + size));
    at += 512 * (1 + Math.ceil(size / 512));
  }
  return files;
}

/** The metadata of the version: its files with their hashes, and its entry points. */
async function metadata(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<unknown> {
  const manifest: Record<string, unknown> = {};
  for (const [path, bytes] of files) {
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    manifest[`/${path}`] = {
      size: bytes.length,
      checksum: `sha256-${new Uint8Array(hash).toHex()}`,
    };
  }
  return { manifest, exports };
}

/** Publishes the package to a registry of one's own, which serves it until the end of the scope. */
export async function publishHere(): Promise<Registry> {
  let files: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map();
  let size = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  const url = `http://127.0.0.1:${server.addr.port}/`;

  async function answer(request: Request): Promise<Response> {
    const path = request.url.slice(url.length);
    if (request.method === "POST") {
      const archive = await request.arrayBuffer();
      size = archive.byteLength;
      files = unpack(archive);
      return Response.json({ id: "1", status: "success" });
    }
    if (path.startsWith("api/")) {
      const there = !path.includes("/versions/");
      return Response.json(there ? {} : { code: "packageVersionNotFound", message: "" }, {
        status: there ? 200 : 404,
      });
    }
    if (path === `${name}/meta.json`) return Response.json({ versions: { [version]: {} } });
    if (path === `${name}/${version}_meta.json`) return Response.json(await metadata(files));
    const file = files.get(path.slice(`${name}/${version}/`.length));
    if (file === undefined) return new Response(null, { status: 404 });
    const type = path.endsWith(".ts") ? "text/typescript" : "text/plain";
    return new Response(file, { headers: { "content-type": type } });
  }

  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["publish", "--allow-dirty", "--no-check", "--allow-slow-types", "--no-provenance"],
      ...["--token", "none"],
    ],
    cwd: checkout,
    env: { JSR_URL: url, NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return { url, files, size, [Symbol.asyncDispose]: () => server.shutdown() };
}
