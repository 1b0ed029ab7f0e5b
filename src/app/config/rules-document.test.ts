import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { loadConfig } from './load-config.ts';

const text = await readFile(new URL('../../../docs/rules.md', import.meta.url), 'utf8');
const snippets = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml);
const configurations = snippets.filter((yaml) => !yaml.includes('typed_per_filter_config'));

const rest = {
  origins: ['https://app.example.com'],
  listen: { authz: '127.0.0.1:1', http: '127.0.0.1:2', ops: '127.0.0.1:3' },
  keys: { env: 'KEYS' },
  store: { type: 'memory' },
  providers: { corp: { issuer: 'https://id.example.com', clientId: 'app' } },
  modes: {
    web: { mode: 'session', provider: 'corp' },
    blue: { mode: 'session', provider: 'corp', basePath: '/_blue', cookie: { name: 'blue' } },
  },
  rules: [{ use: 'web' }],
};

describe('docs/rules.md', () => {
  it('shows configurations', () => {
    expect(configurations.length).toBeGreaterThan(5);
  });

  it.each(configurations)('shows what is right, without a warning: %s', async (yaml) => {
    const file = join(await tempFolder(), 'sallyport.yaml');
    await writeFile(file, stringify({ ...rest, ...parse(yaml) }));
    expect(await loadConfig(file, {}, { readsSecrets: false })).toMatchObject({ kind: 'ok', warnings: [] });
  });
});
