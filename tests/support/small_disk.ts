// Disks of a few pages in memory, to see what programs do when they are full or read-only.

import { assert } from "@std/assert";

/** Whether file systems of one's own can be mounted. */
async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const folder = await Deno.makeTempDir({ prefix: "normkit-" });
  const mount = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  if (mount.success) await new Deno.Command("umount", { args: [folder] }).output();
  await Deno.remove(folder);
  return mount.success;
}

/** Whether they can here. */
export const mounts = await canMount();

/** What a test that needs them adds to its name. */
export const withMounts = mounts ? "" : ": ignored, no file system can be mounted";

async function mount(folder: string, options: string): Promise<void> {
  const args = ["-t", "tmpfs", "-o", options, "tmpfs", folder];
  const { success } = await new Deno.Command("mount", { args }).output();
  assert(success, `mount -o ${options}`);
}

/**
 * Runs a body with a disk of its own.
 *
 * @param folder Where it is mounted.
 * @param options As `mount` takes them, such as `size=2m`.
 * @param body Uses the disk, whose folder it is given.
 */
export async function onDisk(
  folder: string,
  options: string,
  body: (disk: string) => Promise<void>,
): Promise<void> {
  const disk = `${folder}/disk`;
  await Deno.mkdir(disk);
  await mount(disk, options);
  try {
    await body(disk);
  } finally {
    await new Deno.Command("umount", { args: ["-l", disk] }).output();
  }
}
