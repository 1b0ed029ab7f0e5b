import { Secret } from '../../core/secret.ts';
import { assertUsable, type MutualTls } from '../../servers/mutual-tls.ts';
import type { Config, Listener } from './config.ts';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';
import { problemsOfBundle, problemsOfPair } from './pem.ts';
import { readReferencedFile } from './read-referenced-file.ts';
import type { Sections } from './sections.ts';

const maxPemBytes = 1_048_576;

type ListenSettings = NonNullable<Sections['listen']>;

/** The listeners with their certificates read and checked; `found` gets an error for each file that will not do. */
export async function readListeners(
  listen: ListenSettings,
  configFile: string,
  found: Finding[],
): Promise<Config['listen']> {
  const read = (name: 'authz' | 'http' | 'ops' | 'admin', listener: ListenSettings['authz']) =>
    readListener(listener, ['listen', name, 'tls'], configFile, found);
  return {
    authz: await read('authz', listen.authz),
    http: await read('http', listen.http),
    ops: await read('ops', listen.ops),
    admin: listen.admin && (await read('admin', listen.admin)),
  };
}

/** The listeners with nothing read: each `tls` says that there is one, and is empty. */
export function unreadListeners(listen: ListenSettings): Config['listen'] {
  const empty: MutualTls = { certificate: '', privateKey: new Secret(''), clientCa: '' };
  const unread = ({ address, tls }: ListenSettings['authz']): Listener => ({ address, tls: tls && empty });
  const { authz, http, ops, admin } = listen;
  return { authz: unread(authz), http: unread(http), ops: unread(ops), admin: admin && unread(admin) };
}

async function readListener(
  { address, tls }: ListenSettings['authz'],
  path: ConfigPath,
  configFile: string,
  found: Finding[],
): Promise<Listener> {
  if (tls === undefined) return { address, tls: undefined };
  const before = found.length;
  const read = async (member: 'cert' | 'key' | 'clientCa') => {
    const reference = { configFile, path: tls[member], place: [...path, member] };
    return (await readReferencedFile(reference, maxPemBytes, found)) ?? '';
  };
  const pem = {
    certificate: await read('cert'),
    privateKey: new Secret(await read('key')),
    clientCa: await read('clientCa'),
  };
  if (found.length === before) found.push(...problemsOf(pem, path));
  return { address, tls: pem };
}

function problemsOf(tls: MutualTls, path: ConfigPath): readonly Finding[] {
  const places = { certificate: [...path, 'cert'], privateKey: [...path, 'key'] };
  const problems = [
    ...problemsOfPair(tls.certificate, tls.privateKey.reveal(), places),
    ...problemsOfBundle(tls.clientCa, [...path, 'clientCa']),
  ];
  return problems.length > 0 || isUsable(tls) ? problems : [unusable(path)];
}

function isUsable(tls: MutualTls): boolean {
  try {
    assertUsable(tls);
    return true;
  } catch {
    return false; // what OpenSSL says of it could quote the file
  }
}

function unusable(path: ConfigPath): Finding {
  const problem = 'expected a certificate and key that OpenSSL takes: RSA of 2048 bits or more, or P-256, with SHA-256';
  return errorAt(path, problem, 'have the certificate issued again');
}
