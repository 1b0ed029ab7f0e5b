import { systemRandom } from '../../adapters/system/random.ts';
import { hashPasswordFrom } from './issuer-password-hash.ts';
import { newSigningKeys } from './issuer-signing-keys.ts';
import { exitCodes, type Terminal } from './terminal.ts';

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
