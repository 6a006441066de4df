// Programs of the system that tests use where they are.

/**
 * Whether the system has a program.
 *
 * @param name Its name.
 * @returns Whether it is in one of the folders of PATH, or among those of the administrator.
 */
export function systemHas(name: string): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}
