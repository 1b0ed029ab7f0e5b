import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const examples = globSync('examples/**/*.yaml', { cwd: root }).sort();

async function findingsOf(file: string): Promise<readonly unknown[]> {
  const loaded = await loadConfig(file, {}, { readsSecrets: false });
  return loaded.kind === 'ok' ? loaded.warnings : loaded.errors;
}

it('there are examples', () => expect(examples).toContain('examples/minimal.yaml'));

it.each(examples)('%s is accepted without a warning', async (file) => {
  expect(await findingsOf(join(root, file))).toEqual([]);
});

it('the configuration that README.md shows is accepted without a warning', async () => {
  const [, text = ''] = /^```yaml\n(.*?)^```$/ms.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-readme-'));
  try {
    await writeFile(join(folder, 'sallyport.yaml'), text);
    expect(await findingsOf(join(folder, 'sallyport.yaml'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
