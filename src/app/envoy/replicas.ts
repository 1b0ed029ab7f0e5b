import type { Address } from '../../servers/address.ts';
import type { EnvoyConfig } from '../config/config.ts';
import { needsDns } from './address.ts';

/** Whether there may be a process to go to when one is gone. */
export function mayHaveSpare({ replicas }: EnvoyConfig): boolean {
  return replicas.length > 1 || replicas.some(({ authz, http }) => isName(authz) || isName(http));
}

/** Behind a name there may be several processes: a headless Service has the address of each. */
function isName(address: Address): boolean {
  return needsDns(address) && address.kind === 'tcp' && address.host !== 'localhost';
}
