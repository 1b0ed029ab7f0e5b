import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/tools.ts';

/** Where `npm run test:interop` puts what it installs. */
const folder = join(root, '.tools', 'interop');

/** Programs that the providers need, as scripts/lib/interop-set-up.js found or installed them; absolute paths. */
export interface InteropTools {
  readonly java: string;
  /** The folder of the distribution. */
  readonly keycloak: string;
  /** A Python that can import django-oauth-toolkit when `pythonPath` is in PYTHONPATH. */
  readonly python: string;
  readonly pythonPath: string;
}

/** Throws when the set-up has not run. */
export function interopTools(): InteropTools {
  const record = join(folder, 'tools.json');
  if (!existsSync(record)) throw new Error('the providers are not set up: run npm run test:interop');
  const { tools } = JSON.parse(readFileSync(record, 'utf8')) as { readonly tools: InteropTools }; // the set-up writes it
  return tools;
}
