import { type FileHandle, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';

/** Readable and writable by its owner alone. */
const ownerOnly = 0o600;

export type FileOutcome = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly problem: string };

/** The text of a key ring file. */
export async function readKeysFile(
  file: string,
): Promise<{ readonly kind: 'text'; readonly text: string } | { readonly kind: 'refused'; readonly problem: string }> {
  try {
    return { kind: 'text', text: await readFile(file, 'utf8') };
  } catch (error) {
    return { kind: 'refused', problem: `${file}: ${reasonOf(error)}` };
  }
}

/** Writes a new file; one that is there stays as it is. */
export async function createKeysFile(file: string, text: string): Promise<FileOutcome> {
  return attempt(file, () => writeNew(file, text));
}

/**
 * Puts `text` in place of a file in one step: whoever reads it sees the old keys or the new ones, never half a ring,
 * also when the machine stops in the middle. A symbolic link stays one. Owner and group stay where we may set them.
 */
export async function replaceKeysFile(file: string, text: string): Promise<FileOutcome> {
  return attempt(file, async () => {
    const target = await realpath(file);
    const before = await stat(target);
    const draft = `${target}.${process.pid}.new`;
    try {
      // A group that was given to read the file (the service's) keeps that; nobody else gets anything.
      await writeNew(draft, text, async (handle) => {
        await handle.chown(before.uid, before.gid).catch(() => undefined);
        await handle.chmod(ownerOnly | (before.mode & 0o040));
      });
      await rename(draft, target);
    } catch (error) {
      // The one in our way is not ours to remove.
      if (codeOf(error) !== 'EEXIST') await unlink(draft).catch(() => undefined);
      throw error;
    }
  });
}

/** Does `work` while no other command of ours changes the file; refused where one does, or the folder is read-only. */
export async function whileLocked<T>(
  file: string,
  work: () => Promise<T>,
): Promise<T | { readonly kind: 'refused'; readonly problem: string }> {
  const lock = `${await realpath(file).catch(() => file)}.lock`;
  let handle: FileHandle;
  try {
    handle = await open(lock, 'wx', ownerOnly);
  } catch (error) {
    const isTaken = codeOf(error) === 'EEXIST';
    const problem = isTaken ? `another command is changing it; if none is, delete ${lock}` : reasonOf(error);
    return { kind: 'refused', problem: `${file}: ${problem}` };
  }
  try {
    return await work();
  } finally {
    await handle.close();
    await unlink(lock);
  }
}

async function writeNew(file: string, text: string, prepare?: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, 'wx', ownerOnly);
  try {
    await prepare?.(handle);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt(file: string, work: () => Promise<void>): Promise<FileOutcome> {
  try {
    await work();
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'refused', problem: `${file}: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'EEXIST':
      return 'there is a file already; --add puts a new key first and keeps the old ones';
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'not allowed';
    case 'EISDIR':
      return 'is a directory';
    case undefined:
      throw error;
    default:
      return code;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
