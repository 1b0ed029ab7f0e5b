import { isIP } from 'node:net';
import type { Address } from '../../servers/address.ts';
import type { EnvoyObject } from './envoy-value.ts';

/** Where Envoy listens or connects to. */
export function envoyAddress(address: Address): EnvoyObject {
  if (address.kind === 'unix') return { pipe: { path: address.path } };
  return { socket_address: { address: address.host, port_value: address.port } };
}

/** As {@link envoyAddress}; a listener's address is never a name. */
export function envoyListenAddress(address: Address): EnvoyObject {
  return envoyAddress(
    address.kind === 'tcp' && address.host === 'localhost' ? { ...address, host: '127.0.0.1' } : address,
  );
}

/** Whether Envoy must ask DNS for the address. */
export function needsDns(address: Address): boolean {
  return address.kind === 'tcp' && isIP(address.host) === 0;
}
