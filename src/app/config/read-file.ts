import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { noteRead, type ReadableFiles, readableFiles } from './files-read.ts';

export type ReadFile =
  /** `isWhole`: false when the file is longer than what was read. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly isWhole: boolean }
  /** `code`: Node's (`ENOENT`), or {@link notRegular}. */
  | { readonly kind: 'failed'; readonly code: string };

/** In place of an error code: a pipe or a device, where only regular files are read. */
export const notRegular = 'NOT_REGULAR';

/** Reads a file that the configuration names, at most `maxBytes` of it, and notes that it was read. Throws nothing. */
export async function readFile(path: string, maxBytes: number): Promise<ReadFile> {
  const { file, state } = await look(path, maxBytes, readableFiles());
  noteRead(path, { maxBytes, state });
  return file;
}

/** What a file holds now, in the form of {@link FileRead}. Reads nothing that can be read only once. */
export async function stateOfFile(path: string, maxBytes: number): Promise<string> {
  return (await look(path, maxBytes, 'regular')).state;
}

/** A pipe or a folder: its content is no state. */
const noFile = 'no file';

async function look(
  path: string,
  maxBytes: number,
  readable: ReadableFiles,
): Promise<{ readonly file: ReadFile; readonly state: string }> {
  try {
    const handle = readable === 'all' ? await open(path, 'r') : await openRegular(path);
    if (handle === undefined) return { file: { kind: 'failed', code: notRegular }, state: noFile };
    try {
      const isFile = (await handle.stat()).isFile();
      // Unsafe, that is not filled: a limit may be far above what files have, and they are looked at again and again.
      const buffer = Buffer.allocUnsafe(maxBytes + 1);
      const length = await fill(handle, buffer);
      const bytes = buffer.subarray(0, Math.min(length, maxBytes));
      const state = isFile ? createHash('sha256').update(bytes).digest('base64url') : noFile;
      return { file: { kind: 'bytes', bytes, isWhole: length <= maxBytes }, state };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { file: { kind: 'failed', code }, state: code === 'EISDIR' ? noFile : code };
  }
}

/**
 * A regular file or a folder, opened; undefined for anything else. Waits for nobody: to open a pipe without a writer
 * takes a thread of this process until one comes, and with it the end of the process.
 */
async function openRegular(path: string): Promise<FileHandle | undefined> {
  const isPlain = (found: Stats) => found.isFile() || found.isDirectory();
  // Before it is opened: whoever waits at the other end of a pipe would take that for its reader.
  if (!isPlain(await stat(path))) return undefined;
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Again: another may have taken its place meanwhile.
  if (isPlain(await handle.stat())) return handle;
  await handle.close();
  return undefined;
}

/** Bytes that were read: the whole file, or as much as the buffer takes. A pipe gives its bytes piece by piece. */
async function fill(handle: FileHandle, buffer: Buffer): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
