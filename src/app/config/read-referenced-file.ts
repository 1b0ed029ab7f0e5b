import { dirname, isAbsolute, resolve } from 'node:path';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';
import { readBytesFile, readTextFile } from './read-text-file.ts';

/** A file as the configuration names it: relative paths are taken from the folder of the configuration. */
export interface FileReference {
  readonly configFile: string;
  readonly path: string;
  /** Where in the configuration it is named. */
  readonly place: ConfigPath;
}

/** The text of the file, at most `maxBytes` long; undefined when it cannot be read, which `found` gets as an error. */
export async function readReferencedFile(
  reference: FileReference,
  maxBytes: number,
  found: Finding[],
): Promise<string | undefined> {
  const file = await readTextFile(pathOf(reference), maxBytes);
  if (file.kind === 'text') return file.text;
  found.push(unreadable(reference, file.problem));
  return undefined;
}

/** As {@link readReferencedFile}, for files that are no text. */
export async function readReferencedBytes(
  reference: FileReference,
  maxBytes: number,
  found: Finding[],
): Promise<Uint8Array | undefined> {
  const file = await readBytesFile(pathOf(reference), maxBytes);
  if (file.kind === 'bytes') return file.bytes;
  found.push(unreadable(reference, file.problem));
  return undefined;
}

function pathOf({ configFile, path }: FileReference): string {
  return resolve(dirname(configFile), path);
}

function unreadable({ configFile, path, place }: FileReference, problem: string): Finding {
  const suggestion = isAbsolute(path) ? undefined : `relative paths are taken from ${dirname(configFile)}`;
  return errorAt(place, problem, suggestion);
}
