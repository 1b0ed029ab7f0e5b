import { comment, decide, type Findings } from '../findings.ts';
import { isOn, textOf } from './given.ts';
import type { Original } from './original.ts';
import type { Workload } from './upstreams.ts';

/** Where Sallyport listens, and Envoy before it. */
export interface Listeners {
  readonly listen: Readonly<Record<string, string>>;
  /** Undefined where Envoy has to be set up by hand. */
  readonly envoy: Readonly<Record<string, unknown>> | undefined;
}

/** `listen` and `envoy` of sallyport.yaml: Envoy takes the place of oauth2-proxy. */
export function listenersOf({ given }: Original, workload: Workload, found: Findings): Listeners {
  const cert = textOf(given, 'tls-cert-file');
  const key = textOf(given, 'tls-key-file');
  const hasTls = cert !== undefined && key !== undefined;
  const listenFlag = hasTls ? 'https-address' : 'http-address';
  const edge = addressOf(textOf(given, listenFlag), hasTls ? '443' : '80') ?? '127.0.0.1:4180';
  if (addressOf(textOf(given, listenFlag), '80') === undefined) {
    decide(found, [listenFlag], `it names no address that Envoy can listen on; ${edge} is taken`);
  }
  const metrics = textOf(given, 'metrics-address');
  const ops = metrics === undefined || metrics === '-' ? undefined : addressOf(metrics, '80');
  const [authz = '', http = '', own = ''] = freeAddresses([edge, ops, workload.address]);
  comment(found, ['listen'], 'Envoy and Sallyport side by side; whoever reaches authz or http can obtain tokens.');
  const listen = { authz, http, ops: ops ?? own };
  if (workload.address === undefined) {
    if (hasTls) decide(found, ['tls-cert-file', 'tls-key-file'], 'no envoy is written: TLS is for your own Envoy');
    return { listen, envoy: undefined };
  }
  comment(
    found,
    ['envoy', 'listen'],
    'Where oauth2-proxy listened: take another address while both run on one machine.',
  );
  return {
    listen,
    envoy: {
      listen: edge,
      workload: workload.address,
      ...(hasTls ? { tls: { cert, key } } : {}),
      ...trustOf(given, found),
    },
  };
}

function trustOf(given: Original['given'], found: Findings): { readonly trustedHops?: number } {
  if (!isOn(given, 'reverse-proxy')) return {};
  const text = 'As reverse-proxy=true: the proxies before Envoy that append to X-Forwarded-For. Count yours.';
  comment(found, ['envoy', 'trustedHops'], text);
  decide(found, ['reverse-proxy'], 'one proxy is taken to be before Envoy: count yours, and let only them reach it');
  return { trustedHops: 1 };
}

/** `[http://]host:port`, `:port` or `unix://path[,mode=…]` as sallyport.yaml writes it; undefined for others. */
function addressOf(text: string | undefined, defaultPort: string): string | undefined {
  if (text === undefined) return undefined;
  const [, path] = /^unix:(?:\/\/)?(\/[^,]+)/.exec(text) ?? [];
  if (path !== undefined) return `unix:${path}`;
  const plain = text.replace(/^https?:\/\//i, '').replace(/\/$/, '');
  const [, host = '', port = defaultPort] =
    /^(\[[0-9A-Fa-f:.]+\]|[0-9.]+|localhost|)(?::(\d{1,5}))?$/.exec(plain) ?? [];
  if (host === '' && !plain.startsWith(':')) return undefined;
  return `${host === '' ? '0.0.0.0' : host}:${port}`;
}

/** Three addresses on loopback whose ports nobody else has. */
function freeAddresses(taken: readonly (string | undefined)[]): readonly string[] {
  const ports = new Set(taken.flatMap((address) => (address === undefined ? [] : [Number(address.split(':').at(-1))])));
  return Array.from({ length: 6 }, (_, index) => 4181 + index)
    .filter((port) => !ports.has(port))
    .slice(0, 3)
    .map((port) => `127.0.0.1:${port}`);
}
