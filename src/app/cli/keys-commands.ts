import { systemClock } from '../../adapters/system/clock.ts';
import { systemRandom } from '../../adapters/system/random.ts';
import { type KeysChange, promoteKey, removeKey } from './keys-change.ts';
import { type KeysNewRequest, keysNew } from './keys-new.ts';
import { exitCodes, type Terminal } from './terminal.ts';

export interface KeysNewOptions {
  readonly file?: string;
  readonly add?: boolean;
  readonly standby?: boolean;
  readonly replace?: boolean;
}

/** `sallyport keys new`. */
export async function keysNewCommand(options: KeysNewOptions, terminal: Terminal): Promise<number> {
  const request = keysNewRequest(options);
  if (request === undefined) {
    terminal.err('--add and --replace need --file, only one of them can be given, and --standby goes with --add\n');
    return exitCodes.usage;
  }
  const outcome = await keysNew(request, { random: systemRandom, clock: systemClock });
  switch (outcome.kind) {
    case 'printed':
      terminal.out(outcome.text);
      return exitCodes.ok;
    case 'written': {
      const { file, newKeyId, keys } = outcome;
      terminal.err(`${file}: key ${newKeyId} is new; ${keys} in the ring\n`);
      if (request.kind === 'standby') {
        terminal.err(`It does not seal yet. When every replica has the file: sallyport keys promote ${newKeyId}\n`);
      }
      return exitCodes.ok;
    }
    case 'refused':
      terminal.err(`${outcome.problem}\n`);
      return exitCodes.failed;
  }
}

function keysNewRequest(options: KeysNewOptions): KeysNewRequest | undefined {
  const { file, add = false, standby = false, replace = false } = options;
  if ((add && replace) || (standby && !add)) return undefined;
  if (file === undefined) return add || replace ? undefined : { kind: 'print' };
  if (add) return { kind: standby ? 'standby' : 'add', file };
  return { kind: replace ? 'replace' : 'create', file };
}

/** `sallyport keys promote`. */
export async function keysPromoteCommand(id: string, file: string, terminal: Terminal): Promise<number> {
  return tell(await promoteKey(file, id, systemClock.now()), `${file}: key ${id} seals from now on`, terminal);
}

/** `sallyport keys remove`. */
export async function keysRemoveCommand(id: string, file: string, terminal: Terminal): Promise<number> {
  return tell(await removeKey(file, id), `${file}: key ${id} is gone`, terminal);
}

function tell(change: KeysChange, done: string, terminal: Terminal): number {
  if (change.kind === 'refused') {
    terminal.err(`${change.problem}\n`);
    return exitCodes.failed;
  }
  terminal.err(`${done}; ${change.ring.keys.length} in the ring\n`);
  return exitCodes.ok;
}
