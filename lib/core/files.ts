// Writing files whole or not at all.

/**
 * Writes a file through a temporary one beside it, so that a reader never sees half of it.
 *
 * @param path The file; its folder is made where it is missing.
 * @param content Text or bytes.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  if (folder !== "") await Deno.mkdir(folder, { recursive: true });
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    if (typeof content === "string") await Deno.writeTextFile(temporary, content);
    else await Deno.writeFile(temporary, content);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
