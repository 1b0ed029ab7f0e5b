import { decide, type Findings } from '../findings.ts';
import { fail } from './fail.ts';
import { isOn, listOf } from './given.ts';
import type { Original, Upstream } from './original.ts';

/** Where requests go, as far as one workload can tell it. */
export interface Workload {
  /** `host:port` or `unix:/path`; undefined where Envoy has to be set up by hand, or proxies nothing. */
  readonly address: string | undefined;
  /** Paths that the workload gets; undefined for all. */
  readonly paths: readonly string[] | undefined;
  /** Paths that other upstreams had. */
  readonly elsewhere: readonly { readonly path: string; readonly target: string }[];
}

/** The workload among the upstreams: the one for `/`, else the first. */
export function workloadOf(original: Original, found: Findings): Workload {
  const upstreams = original.alpha?.upstreams ?? listOf(original.given, 'upstream').map(readUpstream);
  const flags = original.alpha === undefined ? ['upstream'] : ['alpha-config'];
  const placed = upstreams.map((upstream) => ({ ...upstream, target: targetOf(upstream.uri) }));
  if (placed.some(({ target }) => target.kind === 'unreadable')) {
    fail(found, 'upstream', 'expected http://host:port, https://host, unix:///path, file:///path or static://code');
  }
  const main = placed.find(({ path }) => path === '/') ?? placed[0];
  if (main === undefined || main.target.kind === 'static') {
    const text =
      'it proxied nothing itself: the proxy that asked it must ask Sallyport, see docs on Envoy; no envoy is written';
    decide(found, flags, text);
    return { address: undefined, paths: undefined, elsewhere: [] };
  }
  const isOwn = ({ target }: (typeof placed)[number]) => target.text === main.target.text;
  const others = placed.filter((upstream) => !isOwn(upstream) || upstream.isPattern);
  const elsewhere = others.map(({ path, target }) => ({ path, target: target.text }));
  if (elsewhere.length > 0) {
    const text = 'Sallyport knows one workload: paths of the others are denied until you route them in your Envoy';
    decide(found, flags, text);
  }
  remarkOnKind(main.target, original, flags, found);
  const own = placed.filter((upstream) => isOwn(upstream) && !upstream.isPattern).map(({ path }) => path);
  return {
    address: main.target.kind === 'address' ? main.target.address : undefined,
    paths: own.includes('/') ? undefined : own,
    elsewhere,
  };
}

type Target =
  | { readonly kind: 'address'; readonly address: string; readonly text: string }
  /** `tls`: Envoy has to be told how to verify it. */
  | { readonly kind: 'tls' | 'files' | 'static' | 'unreadable'; readonly text: string };

/** `text` names it without user name and password. */
function targetOf(uri: string): Target {
  if (!URL.canParse(uri)) return { kind: 'unreadable', text: 'an upstream that cannot be read' };
  const { protocol, hostname, port, pathname } = new URL(uri);
  switch (protocol) {
    case 'http:': {
      const address = `${hostname}:${port === '' ? '80' : port}`;
      return { kind: 'address', address, text: `http://${address}` };
    }
    case 'unix:':
      return { kind: 'address', address: `unix:${pathname}`, text: `unix:${pathname}` };
    case 'https:':
      return { kind: 'tls', text: `https://${hostname}:${port === '' ? '443' : port}` };
    case 'file:':
      return { kind: 'files', text: `the files in ${pathname}` };
    case 'static:':
      return { kind: 'static', text: 'a fixed answer' };
    default:
      return { kind: 'unreadable', text: 'an upstream that cannot be read' };
  }
}

function readUpstream(uri: string): Upstream {
  if (!URL.canParse(uri)) return { path: '/', uri, isPattern: false };
  const { protocol, pathname, hash } = new URL(uri);
  const path = protocol === 'file:' && hash.length > 1 ? hash.slice(1) : pathname;
  const isRoot = protocol === 'static:' || protocol === 'unix:' || path === '';
  return { path: isRoot ? '/' : path, uri, isPattern: false };
}

function remarkOnKind({ kind, text }: Target, { given }: Original, flags: readonly string[], found: Findings): void {
  if (kind === 'tls') {
    decide(
      found,
      flags,
      `${text}: set up the cluster with TLS and its verification in your Envoy; no envoy is written`,
    );
  }
  if (kind === 'files') decide(found, flags, `${text}: Sallyport serves no files; put a web server there`);
  if (isOn(given, 'ssl-upstream-insecure-skip-verify')) {
    decide(found, ['ssl-upstream-insecure-skip-verify'], 'let your Envoy verify the certificate of the workload');
  }
}
