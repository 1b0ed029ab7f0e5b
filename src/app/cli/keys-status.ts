import { systemClock } from '../../adapters/system/clock.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Config } from '../config/config.ts';
import { type KeyStatus, keyStatus } from '../key-status.ts';
import { countKeyUses } from '../key-uses.ts';
import { createStore, keyRingOf } from '../wire.ts';
import { AdminCallError, callAdmin } from './admin-client.ts';
import { type AdminOptions, findAdmin } from './admin-target.ts';
import { loadAndTell } from './config-commands.ts';
import { formatKeyStatus, keyLine } from './keys-report.ts';
import { exitCodes, type Terminal } from './terminal.ts';

export interface KeysStatusOptions extends AdminOptions {
  readonly format: string;
  readonly store?: boolean;
  readonly canRemove?: string;
}

/** `sallyport keys status`. */
export async function keysStatusCommand(options: KeysStatusOptions, terminal: Terminal): Promise<number> {
  const found = await findStatus(options, terminal);
  if (found.kind === 'none') {
    terminal.err(`${found.problem}\n`);
    return exitCodes.failed;
  }
  const { status } = found;
  const { canRemove: id } = options;
  const asked = id === undefined ? undefined : status.keys.find((key) => key.id === id);
  if (id !== undefined && asked === undefined) {
    terminal.err(`there is no key ${JSON.stringify(id.slice(0, 12))} in the ring\n`);
    return exitCodes.failed;
  }
  if (options.format === 'json') terminal.out(`${JSON.stringify(status, undefined, 2)}\n`);
  else terminal.out(asked === undefined ? formatKeyStatus(status) : keyLine(asked));
  return asked?.can_go === false ? exitCodes.failed : exitCodes.ok;
}

type FoundStatus =
  | { readonly kind: 'status'; readonly status: KeyStatus }
  | { readonly kind: 'none'; readonly problem: string };

/** Of a running instance, which alone knows a store in memory and which ring it has; else of the store. */
async function findStatus(options: KeysStatusOptions, terminal: Terminal): Promise<FoundStatus> {
  if (options.store === true) return await fromStore(options.config, terminal);
  const found = await findAdmin(options, terminal);
  if (found.kind === 'none') return found.unset === undefined ? found : await fromStore(found.unset, terminal);
  try {
    const answer = await callAdmin(found.target, { method: 'GET', path: '/v1/keys' });
    return { kind: 'status', status: answer as KeyStatus }; // what the admin API of this version answers
  } catch (error) {
    if (!(error instanceof AdminCallError)) throw error;
    return none(error.message);
  }
}

async function fromStore(file: string | undefined, terminal: Terminal): Promise<FoundStatus> {
  const loaded = await loadAndTell({ config: file, secrets: true }, terminal);
  if (loaded.kind === 'invalid') return none('the configuration has errors');
  const { config } = loaded;
  if (config.store.kind === 'memory') {
    return none('the store is in the memory of the running instance: set listen.admin and admin.token to ask it');
  }
  return await counted(config);
}

async function counted(config: Config): Promise<FoundStatus> {
  const store = await createStore(config.store, undefined);
  try {
    if (!(await store.isReachable())) return none('the store does not answer');
    const status = keyStatus(keyRingOf(config), await countKeyUses(store), config.modes, systemClock.now());
    return { kind: 'status', status };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return none(`${error.message}: not everything was counted`);
  } finally {
    await store.close();
  }
}

function none(problem: string): FoundStatus {
  return { kind: 'none', problem };
}
