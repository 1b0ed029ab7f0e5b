import { addressText } from '../servers/address.ts';
import type { Config, Listener } from './config/config.ts';
import { type ConfigPath, errorAt, type Finding } from './config/finding.ts';

const listeners = ['authz', 'http', 'ops', 'admin'] as const;

/** What a running process cannot take over: it would have to let go of an address, or of the sessions in its memory. */
export function restartReasons(before: Config, after: Config): readonly Finding[] {
  return [
    ...listeners.flatMap((name) => reasonsOf(before.listen[name], after.listen[name], ['listen', name])),
    ...reasonsOfStore(before.store, after.store),
  ];
}

function reasonsOf(before: Listener | undefined, after: Listener | undefined, path: ConfigPath): readonly Finding[] {
  const what = difference(before, after);
  return what === undefined ? [] : [errorAt(path, `${what} of a listener needs a restart`, suggestion)];
}

function difference(before: Listener | undefined, after: Listener | undefined): string | undefined {
  if (before === undefined || after === undefined) return before === after ? undefined : 'the beginning or end';
  if (addressText(before.address) !== addressText(after.address)) return 'another address';
  return (before.tls === undefined) === (after.tls === undefined) ? undefined : 'the beginning or end of TLS';
}

// Another store may be what is wanted. The same one with another limit would be an empty one.
function reasonsOfStore(before: Config['store'], after: Config['store']): readonly Finding[] {
  if (before.kind !== 'memory' || after.kind !== 'memory' || before.maxSessions === after.maxSessions) return [];
  const problem = 'another limit of the memory store needs a restart, in which its sessions end';
  return [errorAt(['store', 'maxSessions'], problem, suggestion)];
}

const suggestion = 'restart, or put back what was here';
