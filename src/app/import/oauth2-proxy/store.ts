import { comment, decide, type Findings, todo } from '../findings.ts';
import { fail } from './fail.ts';
import { isOn, listOf, textOf } from './given.ts';
import type { Original } from './original.ts';
import { type SecretReference, secretReference } from './secret-reference.ts';

/** `store` of sallyport.yaml. */
export function storeOf(original: Original, found: Findings): Readonly<Record<string, unknown>> {
  const { given } = original;
  const type = textOf(given, 'session-store-type');
  if (type === 'cookie') {
    const text =
      'Sessions are sealed in cookies of the browser, as before: nobody else can end one. With redis you can.';
    comment(found, ['store'], text);
    return { type: 'memory' };
  }
  if (type !== 'redis') {
    fail(found, 'session-store-type', 'expected cookie or redis', 'add -- --session-store-type=redis or =cookie');
    return {};
  }
  const servers = isOn(given, 'redis-use-sentinel')
    ? sentinelOf(original, found)
    : isOn(given, 'redis-use-cluster')
      ? clusterOf(original, found)
      : singleOf(original, found);
  const { login, ...rest } = servers;
  return { type: 'redis', ...rest, ...credentialsOf(original, login, found) };
}

/** Settings, and the user name and password that stood in a URL. */
interface Servers {
  readonly [setting: string]: unknown;
  readonly login: Login;
}

interface Login {
  readonly username: string | undefined;
  readonly hasPassword: boolean;
  /** The option that the URL stood in. */
  readonly flag: string;
}

function singleOf({ given }: Original, found: Findings): Servers {
  const flag = 'redis-connection-url';
  const [url] = urlsOf([textOf(given, flag) ?? ''], flag, found);
  if (url === undefined) return { login: { username: undefined, hasPassword: false, flag } };
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1] ?? '';
  return {
    url: `${url.protocol}//${url.host}${database === '' ? '' : `/${database}`}`,
    ...(url.protocol === 'rediss:' ? tlsOf(given) : {}),
    login: loginOf(url, flag),
  };
}

function sentinelOf(original: Original, found: Findings): Servers {
  const { given } = original;
  const flag = 'redis-sentinel-connection-urls';
  const master = textOf(given, 'redis-sentinel-master-name');
  if (master === undefined) fail(found, 'redis-sentinel-master-name', 'it is missing, and redis-use-sentinel needs it');
  const urls = urlsOf(listOf(given, flag), flag, found);
  const [first] = urls;
  const password = secretReference(original, 'redis-sentinel-password', undefined, found);
  const database = /^\/(\d{1,4})$/.exec(first?.pathname ?? '')?.[1];
  return {
    sentinel: { master, nodes: urls.map(nodeOf), ...(password === undefined ? {} : { password }) },
    ...(database === undefined || database === '0' ? {} : { database: Number(database) }),
    ...(first?.protocol === 'rediss:' ? { tls: {}, ...tlsOf(given) } : {}),
    login: loginOf(first, flag),
  };
}

function clusterOf({ given }: Original, found: Findings): Servers {
  const flag = 'redis-cluster-connection-urls';
  const urls = urlsOf(listOf(given, flag), flag, found);
  const [first] = urls;
  return {
    cluster: { nodes: urls.map(nodeOf) },
    ...(first?.protocol === 'rediss:' ? { tls: {}, ...tlsOf(given) } : {}),
    login: loginOf(first, flag),
  };
}

function urlsOf(texts: readonly string[], flag: string, found: Findings): readonly URL[] {
  const urls = texts.flatMap((text) => (URL.canParse(text) ? [new URL(text)] : []));
  const isSound = urls.length > 0 && urls.length === texts.length && urls.every(isRedisUrl);
  if (isSound) return urls;
  fail(found, flag, 'expected redis://host:port or rediss://host:port, and sockets are not supported');
  return [];
}

function isRedisUrl({ protocol, hostname }: URL): boolean {
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '';
}

function nodeOf(url: URL): string {
  return `${url.hostname}:${url.port === '' ? '6379' : url.port}`;
}

function loginOf(url: URL | undefined, flag: string): Login {
  const username = url === undefined || url.username === '' ? undefined : decodeURIComponent(url.username);
  return { username, hasPassword: url !== undefined && url.password !== '', flag };
}

function tlsOf(given: Original['given']): { readonly tls?: { readonly ca: string } } {
  const ca = textOf(given, 'redis-ca-path');
  return ca === undefined ? {} : { tls: { ca } };
}

function credentialsOf(
  original: Original,
  login: Login,
  found: Findings,
): { readonly username?: string; readonly password?: SecretReference } {
  const username = textOf(original.given, 'redis-username') ?? login.username;
  const given = secretReference(original, 'redis-password', undefined, found);
  const needed = login.hasPassword ? { env: 'OAUTH2_PROXY_REDIS_PASSWORD' } : undefined;
  if (given === undefined && needed !== undefined) {
    const text = `the password in it is not in the result: put it into the environment variable ${needed.env}`;
    todo(found, [login.flag], text);
  }
  if (original.given.has('redis-insecure-skip-tls-verify') && isOn(original.given, 'redis-insecure-skip-tls-verify')) {
    decide(
      found,
      ['redis-insecure-skip-tls-verify'],
      'certificates are verified: name their authority in store.tls.ca',
    );
  }
  const password = given ?? needed;
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}
