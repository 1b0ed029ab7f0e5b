import { notRegular, readFile } from './read-file.ts';

export type TextFile = { readonly kind: 'text'; readonly text: string } | Problem;

type BytesFile = { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** Quotes nothing of the file. */
type Problem = { readonly kind: 'problem'; readonly problem: string };

/** Reads at most `maxBytes` bytes. Throws nothing. */
export async function readBytesFile(path: string, maxBytes: number): Promise<BytesFile | Problem> {
  const file = await readFile(path, maxBytes);
  if (file.kind === 'failed') return problem(explain(file.code));
  return file.isWhole ? file : problem(`the file is larger than ${maxBytes / 1024} KiB`);
}

/** Reads UTF-8 text of at most `maxBytes` bytes. Throws nothing. */
export async function readTextFile(path: string, maxBytes: number): Promise<TextFile> {
  const file = await readBytesFile(path, maxBytes);
  if (file.kind === 'problem') return file;
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(file.bytes) };
  } catch {
    return problem('the file is not UTF-8 text');
  }
}

function problem(text: string): Problem {
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
    case notRegular:
      return 'this is a pipe or a device: it is read at the start only, and a reload needs a regular file';
    default:
      return `the file cannot be read (${code})`;
  }
}
