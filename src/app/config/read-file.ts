import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { noteRead } from './files-read.ts';

export type ReadFile =
  /** `isWhole`: false when the file is longer than what was read. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly isWhole: boolean }
  /** `code`: Node's (`ENOENT`). */
  | { readonly kind: 'failed'; readonly code: string };

/** Reads a file that the configuration names, at most `maxBytes` of it, and notes that it was read. Throws nothing. */
export async function readFile(path: string, maxBytes: number): Promise<ReadFile> {
  const { file, state } = await look(path, maxBytes);
  noteRead(path, { maxBytes, state });
  return file;
}

/** What a file holds now, in the form of {@link FileRead}. Reads nothing that can be read only once. */
export async function stateOfFile(path: string, maxBytes: number): Promise<string> {
  const isSafe = await stat(path).then(
    (found) => found.isFile(),
    () => true, // the error comes again, and then it counts
  );
  return isSafe ? (await look(path, maxBytes)).state : noFile;
}

/** A pipe or a folder: its content is no state. */
const noFile = 'no file';

async function look(path: string, maxBytes: number): Promise<{ readonly file: ReadFile; readonly state: string }> {
  try {
    const handle = await open(path, 'r');
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
