import { type FileHandle, open } from 'node:fs/promises';

export type TextFile =
  | { readonly kind: 'text'; readonly text: string }
  /** Quotes nothing of the file. */
  | { readonly kind: 'problem'; readonly problem: string };

/** Reads UTF-8 text of at most `maxBytes` bytes. Throws nothing. */
export async function readTextFile(path: string, maxBytes: number): Promise<TextFile> {
  try {
    const handle = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(maxBytes + 1);
      const length = await fill(handle, buffer);
      if (length > maxBytes) return problem(`the file is larger than ${maxBytes / 1024} KiB`);
      return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return problem(explain(error instanceof Error && 'code' in error ? String(error.code) : 'unknown'));
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

function problem(text: string): TextFile {
  return { kind: 'problem', problem: text };
}

function explain(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read the file';
    case 'EISDIR':
      return 'this is a folder, not a file';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'the file is not UTF-8 text';
    default:
      return `the file cannot be read (${code})`;
  }
}
