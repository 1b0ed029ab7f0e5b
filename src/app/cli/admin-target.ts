import { readFile } from 'node:fs/promises';
import { Secret } from '../../core/secret.ts';
import type { Address } from '../../servers/address.ts';
import type { Finding } from '../config/finding.ts';
import { readSecrets } from '../config/secrets.ts';
import { loadAndTell } from './config-commands.ts';
import { formatFindings } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Options by which commands find the admin API of a running instance. */
export interface AdminOptions {
  readonly config?: string;
  /** `http://host:port`, `https://host:port` or `unix:/path`. */
  readonly admin?: string;
  readonly tokenFile?: string;
  /** PEM files, for https. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where the admin API is, and what opens it. */
export interface AdminTarget {
  readonly place:
    | { readonly kind: 'http' | 'https'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string };
  readonly token: Secret<string>;
  /** PEM texts. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export type FoundTarget =
  | { readonly kind: 'target'; readonly target: AdminTarget }
  /** Told on the terminal already, but for `problem`. `unset`: the configuration file, when it sets no admin API. */
  | { readonly kind: 'none'; readonly problem: string; readonly unset: string | undefined };

/** The admin API that the options name, else that of the configuration file. */
export async function findAdmin(options: AdminOptions, terminal: Terminal): Promise<FoundTarget> {
  try {
    const tls = {
      ...(options.ca === undefined ? {} : { ca: await readFile(options.ca, 'utf8') }),
      ...(options.cert === undefined ? {} : { cert: await readFile(options.cert, 'utf8') }),
      ...(options.key === undefined ? {} : { key: await readFile(options.key, 'utf8') }),
    };
    const { admin, tokenFile } = options;
    const given = tokenFile === undefined ? undefined : new Secret((await readFile(tokenFile, 'utf8')).trim());
    if (admin === undefined) return await fromConfig(options, given, tls, terminal);
    const place = placeOf(admin);
    if (place === undefined) return none('--admin: expected http://host:port, https://host:port or unix:/path');
    if (given === undefined) return none('--admin needs --token-file: the file with the token of the admin API');
    return { kind: 'target', target: { place, token: given, tls } };
  } catch (error) {
    return none(error instanceof Error ? error.message : 'a file cannot be read');
  }
}

async function fromConfig(
  { config: file }: AdminOptions,
  given: Secret<string> | undefined,
  tls: AdminTarget['tls'],
  terminal: Terminal,
): Promise<FoundTarget> {
  // Of the secrets only the token is needed here; the others need not be where this runs.
  const loaded = await loadAndTell({ config: file, secrets: false }, terminal);
  if (loaded.kind === 'invalid') return none('the configuration has errors');
  const { admin, listen, file: configFile } = loaded.config;
  if (admin === undefined || listen.admin === undefined) {
    const problem = 'the configuration has no admin API: set listen.admin and admin.token, or name one with --admin';
    return { kind: 'none', problem, unset: configFile };
  }
  const found: Finding[] = [];
  const { environment } = terminal;
  const token = given ?? (await readSecrets(admin.token, ['admin', 'token'], found, { configFile, environment }));
  terminal.err(formatFindings('error', found.map(loaded.locate)));
  if (found.length > 0) return none('the token of the admin API cannot be read: name its file with --token-file');
  const { address } = listen.admin;
  return { kind: 'target', target: { place: reachable(address, listen.admin.tls !== undefined), token, tls } };
}

function placeOf(text: string): AdminTarget['place'] | undefined {
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) };
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(text);
  if ((protocol !== 'http:' && protocol !== 'https:') || pathname !== '/') return undefined;
  const kind = protocol === 'http:' ? 'http' : 'https';
  return { kind, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (kind === 'http' ? 80 : 443)) };
}

/** 0.0.0.0 and [::] say where to listen, not where to call. */
function reachable(address: Address, hasTls: boolean): AdminTarget['place'] {
  if (address.kind === 'unix') return address;
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return { kind: hasTls ? 'https' : 'http', host, port: address.port };
}

function none(problem: string): FoundTarget {
  return { kind: 'none', problem, unset: undefined };
}
