import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './ends.ts';

/** A fresh folder that goes with the test file. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
