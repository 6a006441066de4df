/**
 * The client's half of ZMTP 3.0 (the protocol of ZeroMQ, https://rfc.zeromq.org/spec/23/) over one TCP
 * connection, with the NULL mechanism: all that a Jupyter kernel needs, and no native code. It carries
 * frames and knows nothing of what they mean.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bits of the first octet of a frame. */
const flag = { more: 1, long: 2, command: 4 } as const;

/** A connected socket that sends and receives multipart messages. Close it, or it stays open. */
export class ZmtpSocket {
  readonly #connection: Deno.TcpConn;
  #buffered: Uint8Array = new Uint8Array(0);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /**
   * Connects and shakes hands; a subscriber subscribes to everything.
   *
   * @param type `DEALER` to ask and be answered, `SUB` to listen.
   * @param port Port on the loopback interface.
   * @returns The socket, ready for messages.
   * @throws {Deno.errors.ConnectionRefused} If nothing listens on the port.
   */
  static async connect(type: "DEALER" | "SUB", port: number): Promise<ZmtpSocket> {
    const socket = new ZmtpSocket(await Deno.connect({ hostname: "127.0.0.1", port }));
    try {
      await socket.#write(greeting());
      await socket.#read(64);
      await socket.#write(frame(ready(type), flag.command));
      await socket.#readFrame();
      if (type === "SUB") await socket.#write(frame(Uint8Array.of(1), 0));
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Sends one message.
   *
   * @param parts Its frames, as text.
   */
  async send(parts: readonly string[]): Promise<void> {
    const last = parts.length - 1;
    const frames = parts.map((part, i) => frame(encoder.encode(part), i < last ? flag.more : 0));
    await this.#write(concat(frames));
  }

  /**
   * The next message.
   *
   * @returns Its frames as text, or `undefined` once the connection has ended.
   */
  async receive(): Promise<string[] | undefined> {
    const parts: string[] = [];
    try {
      while (true) {
        const { flags, body } = await this.#readFrame();
        if (flags & flag.command) continue;
        parts.push(decoder.decode(body));
        if (!(flags & flag.more)) return parts;
      }
    } catch (error) {
      if (isEnd(error)) return undefined;
      throw error;
    }
  }

  /** Ends the connection; may be called more than once. */
  close(): void {
    try {
      this.#connection.close();
    } catch (error) {
      if (!isEnd(error)) throw error;
    }
  }

  async #readFrame(): Promise<{ flags: number; body: Uint8Array }> {
    const [flags] = await this.#read(1) as Uint8Array & [number];
    const long = (flags & flag.long) !== 0;
    const size = await this.#read(long ? 8 : 1);
    const length = long ? Number(view(size).getBigUint64(0)) : view(size).getUint8(0);
    return { flags, body: await this.#read(length) };
  }

  async #read(length: number): Promise<Uint8Array> {
    const chunks = [this.#buffered];
    let held = this.#buffered.length;
    while (held < length) {
      const chunk = new Uint8Array(65536);
      const count = await this.#connection.read(chunk);
      if (count === null) throw new Deno.errors.UnexpectedEof("The kernel closed the connection");
      chunks.push(chunk.subarray(0, count));
      held += count;
    }
    const all = chunks.length === 1 ? this.#buffered : concat(chunks);
    this.#buffered = all.subarray(length);
    return all.subarray(0, length);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }
}

function isEnd(error: unknown): boolean {
  const ends = [
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
    Deno.errors.UnexpectedEof,
    Deno.errors.ConnectionReset,
    Deno.errors.BrokenPipe,
  ];
  return ends.some((kind) => error instanceof kind);
}

/** Signature, version 3.0, mechanism NULL, filler: 64 octets. */
function greeting(): Uint8Array {
  const octets = new Uint8Array(64);
  octets.set([0xff], 0);
  octets.set([0x7f, 3, 0], 9);
  octets.set(encoder.encode("NULL"), 12);
  return octets;
}

/** The READY command with its one property, the type of the socket. */
function ready(type: string): Uint8Array {
  return concat([
    Uint8Array.of(5),
    encoder.encode("READY"),
    Uint8Array.of(11),
    encoder.encode("Socket-Type"),
    Uint8Array.of(0, 0, 0, type.length),
    encoder.encode(type),
  ]);
}

function frame(body: Uint8Array, flags: number): Uint8Array {
  const long = body.length > 255;
  const head = new Uint8Array(long ? 9 : 2);
  head[0] = long ? flags | flag.long : flags;
  if (long) view(head).setBigUint64(1, BigInt(body.length));
  else head[1] = body.length;
  return concat([head, body]);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
