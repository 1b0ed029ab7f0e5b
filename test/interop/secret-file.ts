import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noteSecret } from '../support/seen-secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A secret as the configuration names it: a file of its own, with a text that must not stand in any log. */
export async function secretFile(text: string): Promise<{ readonly file: string }> {
  const file = join(await tempFolder(), randomUUID());
  await writeFile(file, text, { mode: 0o600 });
  for (const line of text.split('\n')) if (!line.startsWith('-----')) noteSecret(line);
  return { file };
}
