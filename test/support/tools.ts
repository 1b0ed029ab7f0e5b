import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, with a slash at the end. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Programs that the set-up (scripts/setup.js) found or installed. */
export type Tool = 'envoy' | 'redis' | 'chromium';

const overrides: Readonly<Record<Tool, string>> = { envoy: 'ENVOY_BIN', redis: 'REDIS_BIN', chromium: 'CHROMIUM_BIN' };

/** Path of a program. Throws when the set-up has not run. */
export function toolPath(tool: Tool): string {
  const named = process.env[overrides[tool]];
  if (named !== undefined && named !== '') return named;
  const record = resolve(root, '.tools/tools.json');
  const { tools } = existsSync(record)
    ? (JSON.parse(readFileSync(record, 'utf8')) as { readonly tools: Partial<Record<Tool, string>> }) // scripts/lib/set-up.js writes it
    : { tools: {} };
  const path = tools[tool];
  if (path === undefined) throw new Error(`${tool} is not set up: run node scripts/setup.js`);
  return resolve(root, path);
}
