// Variables of the environment, which Deno may be kept from.

/**
 * A variable of the environment.
 *
 * @param name Its name.
 * @returns Its value; undefined where there is none, or Deno may not look (`--allow-env`).
 */
export function environmentVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
