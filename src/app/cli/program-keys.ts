import type { Command } from 'commander';
import type { KeysNewOptions } from './keys-commands.ts';
import type { KeysStatusOptions } from './keys-status.ts';
import { addAdminOptions } from './program-running.ts';
import type { Terminal } from './terminal.ts';

type Finish = (exitCode: number) => void;

const fileOption = ['-f, --file <file>', 'the key ring'] as const;

/** Adds the commands for key rings. */
export function addKeysCommands(program: Command, terminal: Terminal, finish: Finish): void {
  const keys = program.command('keys').summary('key rings').description('Key rings seal sessions and login attempts.');
  keys
    .command('new')
    .summary('make a key ring, or a new key for one')
    .description('Make a key ring. Without --file it is printed: for a secret store, never for a log.')
    .option('-f, --file <file>', 'write to this file, readable by its owner alone; a file that is there stays as it is')
    .option('--add', 'put a new key first in the file: what the old keys sealed still opens')
    .option('--standby', 'with --add: put it last, where it seals nothing until it is promoted; for several replicas')
    .option('--replace', 'put a ring of one new key in place of the file: every session ends')
    .action(async (options: KeysNewOptions) => {
      const { keysNewCommand } = await import('./keys-commands.ts');
      finish(await keysNewCommand(options, terminal));
    });
  keys
    .command('promote')
    .summary('let a key seal from now on')
    .description('Put a key first in the file. Every replica must have the key by then: see keys new --add --standby.')
    .argument('<id>', 'as keys status shows it')
    .requiredOption(...fileOption)
    .action(async (id: string, { file }: { file: string }) => {
      const { keysPromoteCommand } = await import('./keys-commands.ts');
      finish(await keysPromoteCommand(id, file, terminal));
    });
  keys
    .command('remove')
    .summary('take a key out of the ring')
    .description('Take a key out of the file: whoever still needs it has to log in again. First ask keys status.')
    .argument('<id>', 'as keys status shows it')
    .requiredOption(...fileOption)
    .action(async (id: string, { file }: { file: string }) => {
      const { keysRemoveCommand } = await import('./keys-commands.ts');
      finish(await keysRemoveCommand(id, file, terminal));
    });
  addAdminOptions(
    keys
      .command('status')
      .summary('say what needs which key, and when it can go')
      .description(
        'Say for each key of the ring what still needs it and when it can go. A running instance is asked, through the admin API of the configuration or --admin; without one the store of the configuration.',
      )
      .option('--store', 'ask the store itself, also where there is an admin API')
      .option('--can-remove <id>', 'end with 1 unless this key can go now'),
  ).action(async (options: KeysStatusOptions) => {
    const { keysStatusCommand } = await import('./keys-status.ts');
    finish(await keysStatusCommand(options, terminal));
  });
}
