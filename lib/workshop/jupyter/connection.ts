/**
 * The channels to one kernel: free ports, the content of the connection file, and the sockets. Which
 * messages travel on them is the business of kernel.ts.
 */
import { decode, encode, type Message } from "./wire.ts";
import { ZmtpSocket } from "./zmtp.ts";

/** Content of a Jupyter connection file. */
export interface ConnectionInfo {
  transport: "tcp";
  ip: "127.0.0.1";
  key: string;
  signature_scheme: "hmac-sha256";
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
}

/**
 * A new connection on free local ports, with a fresh key.
 *
 * @returns What goes into the connection file.
 */
export function newConnection(): ConnectionInfo {
  const listeners = Array.from({ length: 5 }, listenOnFreePort);
  const port = (i: number) => (listeners[i]!.addr as Deno.NetAddr).port;
  const info: ConnectionInfo = {
    transport: "tcp",
    ip: "127.0.0.1",
    key: crypto.randomUUID(),
    signature_scheme: "hmac-sha256",
    shell_port: port(0),
    iopub_port: port(1),
    stdin_port: port(2),
    control_port: port(3),
    hb_port: port(4),
  };
  for (const listener of listeners) listener.close();
  return info;
}

/** Below the ports that systems hand out by themselves, so that no outgoing connection takes it. */
function listenOnFreePort(): Deno.Listener {
  while (true) {
    try {
      const port = 16384 + Math.floor(Math.random() * 16384);
      return Deno.listen({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Which socket a message travels on. */
export type Channel = "shell" | "control" | "iopub";

/** The client's side of a kernel's channels. Close it, or its sockets stay open. */
export class Channels {
  readonly #key: string;
  readonly #sockets: ReadonlyMap<Channel, ZmtpSocket>;

  private constructor(key: string, sockets: ReadonlyMap<Channel, ZmtpSocket>) {
    this.#key = key;
    this.#sockets = sockets;
  }

  /**
   * Connects to a kernel that listens.
   *
   * @param info Content of the connection file.
   * @returns The channels.
   * @throws {Deno.errors.ConnectionRefused} If the kernel does not listen (yet).
   */
  static async connect(info: ConnectionInfo): Promise<Channels> {
    const sockets = new Map<Channel, ZmtpSocket>();
    const channels = new Channels(info.key, sockets);
    try {
      sockets.set("shell", await ZmtpSocket.connect("DEALER", info.shell_port));
      sockets.set("control", await ZmtpSocket.connect("DEALER", info.control_port));
      sockets.set("iopub", await ZmtpSocket.connect("SUB", info.iopub_port));
      return channels;
    } catch (error) {
      channels.close();
      throw error;
    }
  }

  /**
   * Sends a request on the shell or the control channel.
   *
   * @param channel Which one.
   * @param message What to send.
   */
  async send(channel: Exclude<Channel, "iopub">, message: Message): Promise<void> {
    await this.#sockets.get(channel)?.send(encode(message, this.#key));
  }

  /**
   * Hands every message of a channel to a function, in order, until the channel ends.
   *
   * @param channel Which one.
   * @param handle Called with each message.
   */
  async listen(channel: Channel, handle: (message: Message) => void): Promise<void> {
    const socket = this.#sockets.get(channel);
    for (let frames = await socket?.receive(); frames; frames = await socket?.receive()) {
      handle(decode(frames, this.#key));
    }
  }

  /** Ends all channels; may be called more than once. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }
}
