import { isIP } from 'node:net';
import type { Address } from '../../../servers/address.ts';
import { errorAt, type Finding } from '../finding.ts';
import type { Sections } from '../sections.ts';

/**
 * Refuses a workload that is a listener of Envoy or of Sallyport: users would reach Envoy's admin interface or what
 * only Envoy may call, or every request would come back to Envoy for ever.
 */
export function checkWorkload({ listen, envoy }: Sections): readonly Finding[] {
  if (envoy === undefined) return [];
  const own: readonly (readonly [name: string, address: Address | undefined])[] = [
    ['envoy.listen', envoy.listen],
    ['envoy.admin', envoy.admin],
    ['listen.authz', listen?.authz.address],
    ['listen.http', listen?.http.address],
    ['listen.ops', listen?.ops.address],
    ['listen.admin', listen?.admin?.address],
    ...(envoy.replicas ?? []).flatMap(({ authz, http }, index) => [
      [`envoy.replicas[${index}].authz`, authz] as const,
      [`envoy.replicas[${index}].http`, http] as const,
    ]),
  ];
  const twin = own.find(([, address]) => address !== undefined && leadsTo(envoy.workload, address));
  if (twin === undefined) return [];
  const problem = `expected the address of the application; this one is ${twin[0]}, which users must not reach`;
  return [errorAt(['envoy', 'workload'], problem, 'write where the application listens')];
}

/** Whether a connection to `target` can arrive at what listens on `listener`. */
function leadsTo(target: Address, listener: Address): boolean {
  if (target.kind === 'unix' || listener.kind === 'unix') {
    return target.kind === 'unix' && listener.kind === 'unix' && target.path === listener.path;
  }
  if (target.port !== listener.port) return false;
  const [one, other] = [canonicalHost(target.host), canonicalHost(listener.host)];
  if (one === other) return true;
  // 0.0.0.0 listens on every address of the machine, and connecting to it is connecting to the machine itself.
  if (isUnspecified(one) || isUnspecified(other)) return isOfThisMachine(one) && isOfThisMachine(other);
  return (one === 'localhost' && isOfThisMachine(other)) || (other === 'localhost' && isOfThisMachine(one));
}

/** One spelling for each host: `LOCALHOST.`, `127.1`, `0:0:0:0:0:0:0:1` and `::ffff:127.0.0.1` have others. */
function canonicalHost(host: string): string {
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}`;
  const name = (URL.canParse(url) ? new URL(url).hostname : host).replace(/^\[|\]$|\.$/g, '');
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name) ?? [];
  if (high === '') return name;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isOfThisMachine(host: string): boolean {
  return isUnspecified(host) || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
