import { AsyncLocalStorage } from 'node:async_hooks';

/** What one file held when it was read. */
export interface FileRead {
  /** How much of it counts. */
  readonly maxBytes: number;
  /** Equal for equal content, wherever links lead, and says nothing of it: a hash, or the code of an error. */
  readonly state: string;
}

/** By absolute path. */
export type FilesRead = ReadonlyMap<string, FileRead>;

/** `regular`: neither pipes nor devices, which can be read once, or keep their reader waiting for good. */
export type ReadableFiles = 'all' | 'regular';

interface Notes {
  readonly files: Map<string, FileRead>;
  readonly readable: ReadableFiles;
}

// Along the calls rather than by a parameter: whoever reads a file cannot forget to say so.
const notes = new AsyncLocalStorage<Notes>();

/** The outcome of `work`, and the files that were read for it, those that were not there included. */
export async function notingReads<T>(
  work: () => Promise<T>,
  readable: ReadableFiles = 'all',
): Promise<{ readonly result: T; readonly files: FilesRead }> {
  const files = new Map<string, FileRead>();
  return { result: await notes.run({ files, readable }, work), files };
}

/** Notes a reading of a file; nothing outside of {@link notingReads}. */
export function noteRead(path: string, read: FileRead): void {
  notes.getStore()?.files.set(path, read);
}

/** What may be read here: see {@link notingReads}. */
export function readableFiles(): ReadableFiles {
  return notes.getStore()?.readable ?? 'all';
}
