import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { defaultLook } from '../../src/core/html/look.ts';
import { stylesheetOf } from '../../src/core/html/stylesheet.ts';

/** Where the application finds its agent and its APIs, and how the agent's cookies begin. */
export interface SpaPlaces {
  readonly agent: string;
  readonly api: string;
  readonly cookiePrefix: string;
}

export interface ServedFile {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Served as they are but for their types: browsers go by the content type, not by the name. */
const modules = [
  'app/main.ts',
  'app/view.ts',
  'client/src/agent-api.ts',
  'client/src/agent-client.ts',
  'client/src/agent-error.ts',
  'client/src/login-page.ts',
  'client/src/tabs.ts',
];

/** As examples/demo/sallyport.yaml has them, and as index.html. */
const sameOrigin: SpaPlaces = { agent: '/oauth-agent', api: '/api/spa/', cookiePrefix: 'spa' };

/** What is at a path of the application, which begins at `/spa/`; undefined where nothing is. */
export function spaFile(path: string, places: SpaPlaces = sameOrigin): ServedFile | undefined {
  const name = path.replace(/^\/spa\//, '');
  if (name === path) return undefined;
  if (name === '') return page(places);
  if (name === 'style.css') return file('text/css', `${stylesheetOf(defaultLook)}${read('app/app.css')}`);
  if (modules.includes(name)) return file('text/javascript', stripTypeScriptTypes(read(name)));
  return undefined;
}

function page({ agent, api, cookiePrefix }: SpaPlaces): ServedFile {
  const text = read('app/index.html')
    .replace('data-agent="/oauth-agent"', `data-agent="${agent}"`)
    .replace('data-api="/api/spa/"', `data-api="${api}"`)
    .replace('data-cookie-prefix="spa"', `data-cookie-prefix="${cookiePrefix}"`);
  const elsewhere = [agent, api].flatMap((place) => (URL.canParse(place) ? [new URL(place).origin] : []));
  // Scripts and styles are files of ours, and nothing else is loaded, framed or submitted.
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src ${[...new Set(["'self'", ...elsewhere])].join(' ')}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  const { headers, body } = file('text/html', text);
  return {
    headers: [...headers, ['content-security-policy', policy.join('; ')], ['referrer-policy', 'no-referrer']],
    body,
  };
}

function file(type: string, body: string): ServedFile {
  return {
    headers: [
      ['content-type', `${type}; charset=utf-8`],
      ['cache-control', 'no-cache'],
      ['x-content-type-options', 'nosniff'],
    ],
    body,
  };
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}
