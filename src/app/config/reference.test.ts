import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bystanderMode, gateMode } from '../../../test/support/config-text.ts';
import { modes } from '../../modes/index.ts';
import { configJsonSchema } from './json-schema.ts';
import { configReference } from './reference.ts';

describe('docs/configuration.md', () => {
  it('is what sallyport schema --format markdown prints', async () => {
    const file = new URL('../../../docs/configuration.md', import.meta.url);
    expect(await readFile(file, 'utf8')).toBe(configReference(modes));
  });

  it('tells every setting with kind, default and meaning', () => {
    const text = configReference([gateMode, bystanderMode]);
    expect(text).toContain('| `basePath` | string | `/_gate` | Where it lives. |');
    expect(text).toContain('| `lifetime` | duration | `1h` |  |');
    expect(text).toContain('| `tokens[].secret` | secret | required |  |');
    expect(text).toContain('### require, for instances of mode gate');
    expect(text).not.toContain('[object Object]');
    expect(text).not.toContain('undefined');
  });
});

describe('the JSON schema', () => {
  it('is JSON Schema 2020-12 of what may be written, with the settings of every mode', () => {
    const schema = configJsonSchema([gateMode]);
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['origins', 'listen', 'keys', 'store', 'rules'],
      additionalProperties: false,
      properties: {
        modes: {
          additionalProperties: {
            anyOf: [
              {
                title: 'gate',
                required: ['mode'],
                properties: { mode: { const: 'gate' }, lifetime: { type: 'string' } },
              },
            ],
          },
        },
        rules: { items: { properties: { require: { anyOf: [{ title: 'gate', additionalProperties: false }] } } } },
      },
    });
  });
});
