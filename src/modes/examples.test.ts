import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { modes } from './index.ts';

describe('the list of modes', () => {
  it('has each name once', () => {
    expect(new Set(modes.map(({ name }) => name)).size).toBe(modes.length);
  });

  it.each(modes.map((mode) => [mode.name, mode] as const))(
    'has an example of %s that its own schema accepts',
    async (name, mode) => {
      const text = await readFile(new URL(`${name}/example.yaml`, import.meta.url), 'utf8');
      const { mode: selector, ...settings } = parse(text);
      expect(selector).toBe(name);
      expect(mode.settings.safeParse(settings)).toMatchObject({ success: true });
    },
  );
});
