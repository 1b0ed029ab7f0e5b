import { systemClock } from '../../adapters/system/clock.ts';
import { systemRandom } from '../../adapters/system/random.ts';
import { hashPasswordFrom } from './issuer-password-hash.ts';
import { newSigningKeys } from './issuer-signing-keys.ts';
import { type KeysNewRequest, keysNew } from './keys-new.ts';
import { exitCodes, type Terminal } from './terminal.ts';

interface KeysNewOptions {
  readonly file?: string;
  readonly add?: boolean;
  readonly replace?: boolean;
}

/** `sallyport keys new`. */
export async function keysNewCommand(options: KeysNewOptions, terminal: Terminal): Promise<number> {
  const request = keysNewRequest(options);
  if (request === undefined) {
    terminal.err('--add and --replace need --file, and only one of them can be given\n');
    return exitCodes.usage;
  }
  const outcome = await keysNew(request, { random: systemRandom, clock: systemClock });
  switch (outcome.kind) {
    case 'printed':
      terminal.out(outcome.text);
      return exitCodes.ok;
    case 'written':
      terminal.err(`${outcome.file}: key ${outcome.newKeyId} is new; ${outcome.keys} in the ring\n`);
      return exitCodes.ok;
    case 'refused':
      terminal.err(`${outcome.problem}\n`);
      return exitCodes.failed;
  }
}

function keysNewRequest({ file, add = false, replace = false }: KeysNewOptions): KeysNewRequest | undefined {
  if (file === undefined) return add || replace ? undefined : { kind: 'print' };
  if (add && replace) return undefined;
  if (add) return { kind: 'add', file };
  return replace ? { kind: 'replace', file } : { kind: 'create', file };
}

/** `sallyport issuer signing-keys new`. */
export async function signingKeysCommand(terminal: Terminal): Promise<number> {
  terminal.out(await newSigningKeys());
  return exitCodes.ok;
}

/** `sallyport issuer password-hash`. */
export async function passwordHashCommand(terminal: Terminal): Promise<number> {
  if (terminal.input.isTTY === true) terminal.err('Type the password (it is shown), then Enter and Ctrl-D.\n');
  const outcome = await hashPasswordFrom(terminal.input, systemRandom);
  if (outcome.kind === 'done') {
    terminal.out(`${outcome.phc}\n`);
    return exitCodes.ok;
  }
  terminal.err(`${outcome.problem}\n`);
  return exitCodes.failed;
}
