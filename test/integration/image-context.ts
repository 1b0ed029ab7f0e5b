import { readdir, readFile, stat } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { root } from '../support/tools.ts';

/** The files at or below a path of the checkout that `docker build` sends, by .dockerignore; paths from the root. */
export async function filesOfContext(path: string): Promise<readonly string[]> {
  const patterns = (await readFile(join(root, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const files = await filesBelow(path);
  return files.filter((file) => !isIgnored(file, patterns));
}

async function filesBelow(path: string): Promise<readonly string[]> {
  if ((await stat(join(root, path))).isFile()) return [path];
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

/** The last pattern that names the file or a folder above it decides. */
function isIgnored(file: string, patterns: readonly string[]): boolean {
  const parts = file.split('/');
  const names = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  const deciding = patterns.findLast((pattern) => {
    const glob = pattern.replace(/^!/, '').replace(/\/$/, '');
    return names.some((name) => matchesGlob(name, glob));
  });
  return deciding !== undefined && !deciding.startsWith('!');
}
