import type { Address } from '../../../servers/address.ts';
import { errorAt, type Finding } from '../finding.ts';
import { isLocal } from '../schema/addresses.ts';
import type { Sections } from '../sections.ts';

/** Refuses listeners that strangers could call, and two listeners on one address. */
export function checkListeners({ listen, envoy }: Sections): readonly Finding[] {
  if (listen === undefined) return [];
  const exposed = (['authz', 'http', 'admin'] as const).flatMap((name) => {
    const { [name]: listener } = listen;
    if (listener === undefined || isLocal(listener.address) || listener.tls !== undefined) return [];
    const power = name === 'admin' ? 'end every session' : 'obtain tokens';
    const problem = `expected a loopback address or a Unix socket: whoever reaches this listener can ${power}`;
    return [
      errorAt(
        ['listen', name],
        problem,
        'listen on 127.0.0.1 or unix:/path, or write {address, tls: {cert, key, clientCa}}',
      ),
    ];
  });
  const taken = [
    ...(['authz', 'http', 'ops', 'admin'] as const).flatMap((name) => {
      const { [name]: listener } = listen;
      return listener === undefined ? [] : [{ path: ['listen', name], address: listener.address }];
    }),
    ...(envoy === undefined ? [] : [{ path: ['envoy', 'listen'], address: envoy.listen }]),
    ...(envoy?.admin === undefined ? [] : [{ path: ['envoy', 'admin'], address: envoy.admin }]),
  ];
  const doubled = taken.flatMap(({ path, address }, index) => {
    const twin = taken.slice(0, index).find((other) => isSame(other.address, address));
    return twin === undefined
      ? []
      : [errorAt(path, `${twin.path.join('.')} has the same address`, 'give each its own')];
  });
  return [...exposed, ...doubled];
}

function isSame(one: Address, other: Address): boolean {
  if (one.kind === 'unix' || other.kind === 'unix') {
    return one.kind === 'unix' && other.kind === 'unix' && one.path === other.path;
  }
  return one.port === other.port && one.host === other.host;
}
