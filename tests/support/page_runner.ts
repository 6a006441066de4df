// Runs in a page: what a bundled test file registers in the place of `Deno.test`, and what it reads in the place of `Deno.env`.

/** What `Deno.test` takes, as far as tests that run in pages use it. */
interface Definition {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: () => void | Promise<void>;
}

const registered: Definition[] = [];

/** What the page offers to the tests and to who runs them. */
const runner = {
  /** Registers a test. */
  test: (first: string | Definition, fn?: Definition["fn"]): void =>
    void registered.push(typeof first === "string" ? { name: first, fn: fn! } : first),
  /** A variable of the environment: a parameter of the page's address. */
  variable: (name: string): string | undefined =>
    new URLSearchParams(location.search).get(name) ?? undefined,
  /** Loads bundled test files; the result is what they registered. */
  load: async (files: readonly string[]): Promise<{ name: string; ignore: boolean }[]> => {
    for (const file of files) await import(new URL(file, location.href).href);
    return registered.map(({ name, ignore = false }) => ({ name, ignore }));
  },
  /** Runs a test; the result is what it threw, with the place, or undefined. */
  run: async (index: number): Promise<string | undefined> => {
    try {
      await registered[index]!.fn();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.stack ?? error.message : String(error);
    }
  },
};

/** The runner's type, for who calls it from outside of the page. */
export type PageRunner = typeof runner;

Object.assign(globalThis, { pageRunner: runner });
