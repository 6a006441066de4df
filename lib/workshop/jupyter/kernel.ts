/**
 * One Deno kernel: started, asked to run code, and ended with everything it opened. After each piece
 * of code a barrier goes through the kernel's own queue of outputs: what arrives before it belongs to
 * the code, whatever its parent id says (the kernel reports idle before its outputs are sent).
 */
import { undoneAtEnd } from "../../platform/cleanup.ts";
import { Channels, type ConnectionInfo, newConnection } from "./connection.ts";
import { type Message, request } from "./wire.ts";

/** How a kernel is started. */
export interface KernelOptions {
  /** Its working folder. */
  readonly cwd: string;
  /** Variables besides the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What became of a piece of code. */
export interface Execution {
  /** Messages of the iopub channel, in order. */
  readonly messages: readonly Message[];
  /** The kernel's reply. */
  readonly reply: Message;
}

/**
 * The kernel ended or did not answer.
 *
 * Cause: a cell that ended the process, or a machine that is too busy to start one.
 * Remedy: run the notebook again; what the kernel wrote last stands in the message.
 */
export class KernelError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "KernelError";
}

const barrierType = "normkit_barrier";

/** The longest time that a kernel may take to answer, in seconds. */
const startLimit = 60;

/** Connects once the kernel listens; until then connections are refused. */
async function connect(info: ConnectionInfo, failed: Promise<never>): Promise<Channels> {
  for (;;) {
    try {
      return await Channels.connect(info);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), failed]);
    }
  }
}

/** A running kernel; {@linkcode Kernel.close} ends it. */
export class Kernel {
  readonly #process: Deno.ChildProcess;
  readonly #file: string;
  readonly #replies = new Map<string, (message: Message) => void>();
  readonly #dead: Promise<never>;
  #channels: Channels | undefined;
  #onOutput: (message: Message) => void = () => {};
  #closed = false;
  readonly #undo: Disposable;

  private constructor(file: string, process: Deno.ChildProcess) {
    this.#file = file;
    this.#process = process;
    this.#dead = process.status.then(({ code }) => {
      throw new KernelError(`The kernel ended with exit code ${code}`);
    });
    this.#undo = undoneAtEnd(() => {
      Deno.removeSync(file);
      process.kill("SIGKILL");
    });
    this.#dead.catch(() => {}); // awaited only while something is asked of the kernel
  }

  /** Starts the process; without a turn of others in between, so that no signal finds a file that nobody removes. */
  static #launch(info: ConnectionInfo, cwd: string, env: Record<string, string>): Kernel {
    const file = Deno.makeTempFileSync({ prefix: "kernel-", suffix: ".json" });
    try {
      Deno.writeTextFileSync(file, JSON.stringify(info));
      const process = new Deno.Command(Deno.execPath(), {
        args: ["jupyter", "--kernel", "--conn", file],
        cwd,
        env: { NO_COLOR: "1", ...env },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      return new Kernel(file, process);
    } catch (error) {
      Deno.removeSync(file);
      throw error;
    }
  }

  /**
   * Starts a kernel and waits until it answers on both channels.
   *
   * @param options Folder and variables.
   * @returns The kernel.
   * @throws {KernelError} If it ends before it answers.
   */
  static async start({ cwd, env = {} }: KernelOptions): Promise<Kernel> {
    const info = newConnection();
    const kernel = Kernel.#launch(info, cwd, env);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new KernelError(`The kernel did not answer within ${startLimit} s`)),
      1000 * startLimit,
    );
    try {
      const failed = Promise.race([kernel.#dead, late.promise]);
      kernel.#listen(await connect(info, failed));
      await Promise.race([kernel.#ready(), failed]);
      return kernel;
    } catch (error) {
      await kernel.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #listen(channels: Channels): void {
    this.#channels = channels;
    const reply = (message: Message): void =>
      this.#replies.get(message.parentHeader.msg_id ?? "")?.(message);
    channels.listen("shell", reply);
    channels.listen("control", reply);
    channels.listen("iopub", (message) => this.#onOutput(message));
  }

  /** Asks for the kernel's info until an answer has come and the iopub channel has carried something. */
  async #ready(): Promise<void> {
    const heard = Promise.withResolvers<void>();
    this.#onOutput = () => heard.resolve();
    let listening = false;
    heard.promise.then(() => listening = true);
    do {
      await this.#ask("shell", request("kernel_info_request", {}));
      await Promise.race([heard.promise, new Promise((resolve) => setTimeout(resolve, 50))]);
    } while (!listening);
    this.#onOutput = () => {};
  }

  async #ask(channel: "shell" | "control", message: Message): Promise<Message> {
    const reply = Promise.withResolvers<Message>();
    this.#replies.set(message.header.msg_id, reply.resolve);
    try {
      await this.#channels?.send(channel, message);
      return await Promise.race([reply.promise, this.#dead]);
    } finally {
      this.#replies.delete(message.header.msg_id);
    }
  }

  /**
   * Runs code and waits for its reply and all of its outputs.
   *
   * @param code TypeScript.
   * @param onMessage Called with each output as it comes.
   * @returns The outputs and the reply.
   * @throws {KernelError} If the kernel ends meanwhile.
   */
  async execute(
    code: string,
    onMessage: (message: Message) => void = () => {},
  ): Promise<Execution> {
    const messages: Message[] = [];
    const barrier = crypto.randomUUID();
    const passed = Promise.withResolvers<void>();
    this.#onOutput = (message) => {
      if (message.header.msg_type === barrierType) {
        if (message.content.id === barrier) passed.resolve();
        return;
      }
      messages.push(message);
      onMessage(message);
    };
    const run = (code: string, silent: boolean): Promise<Message> =>
      this.#ask(
        "shell",
        request("execute_request", {
          code,
          silent,
          store_history: !silent,
          user_expressions: {},
          allow_stdin: false,
          stop_on_error: false,
        }),
      );
    const reply = await run(code, false);
    await run(`await Deno.jupyter.broadcast("${barrierType}", { id: "${barrier}" });`, true);
    await Promise.race([passed.promise, this.#dead]);
    this.#onOutput = () => {};
    return { messages, reply };
  }

  /** Interrupts the code that runs, as the stop button does: its turn ends at once, `finally` or not. */
  async interrupt(): Promise<void> {
    await this.#ask("control", request("interrupt_request", {}));
  }

  /** Ends the kernel, its channels and its connection file; may be called more than once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#channels?.close();
    try {
      this.#process.kill("SIGKILL"); // a kernel keeps nothing that it would have to save
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended already
    }
    await this.#process.status;
    await Deno.remove(this.#file).catch(() => {});
    this.#undo[Symbol.dispose]();
  }
}
