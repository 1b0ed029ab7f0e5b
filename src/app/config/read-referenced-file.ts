import { dirname, isAbsolute, resolve } from 'node:path';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';
import { readTextFile } from './read-text-file.ts';

/** A file as the configuration names it: relative paths are taken from the folder of the configuration. */
export interface FileReference {
  readonly configFile: string;
  readonly path: string;
  /** Where in the configuration it is named. */
  readonly place: ConfigPath;
}

/** The text of the file, at most `maxBytes` long; undefined when it cannot be read, which `found` gets as an error. */
export async function readReferencedFile(
  { configFile, path, place }: FileReference,
  maxBytes: number,
  found: Finding[],
): Promise<string | undefined> {
  const folder = dirname(configFile);
  const file = await readTextFile(resolve(folder, path), maxBytes);
  if (file.kind === 'text') return file.text;
  found.push(errorAt(place, file.problem, isAbsolute(path) ? undefined : `relative paths are taken from ${folder}`));
  return undefined;
}
