import { readFileSync } from 'node:fs';

/** The text of a file that an option names; undefined when it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // why matters little: the caller says which file it is
  }
}
