import { Command, CommanderError, Option } from 'commander';
import type { ConfigPlace } from './config-commands.ts';
import { addImportCommands } from './program-import.ts';
import { addKeysCommands } from './program-keys.ts';
import { addRunningCommands, withNamesLast } from './program-running.ts';
import { exitCodes, type Terminal } from './terminal.ts';
import { version } from './version.ts';

const configOption = [
  '-c, --config <file>',
  'the configuration (default: $SALLYPORT_CONFIG, else ./sallyport.yaml)',
] as const;

function compatOption(): Option {
  const description =
    'in place of a file: the variables of another program, so that it can be replaced as it stands. Guide: docs/migrate-oauth-agent.md';
  return new Option('--compat <program>', description).choices(['oauth-agent']).conflicts(['config', 'secrets']);
}

const closing = `
Exit codes: 0 done; 1 the configuration is invalid, or the command failed; 2 wrong usage.

To begin:
  sallyport keys new --file keys.json
  sallyport check --config sallyport.yaml
  sallyport envoy --config sallyport.yaml > envoy.yaml
  sallyport serve --config sallyport.yaml
`;

/**
 * Runs one command line (without the program's name) and yields the exit code. Throws only for a defect or a failed
 * start.
 */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  const state: { exitCode: number } = { exitCode: exitCodes.ok };
  // Commands are imported when they are called: a start must not wait for what it does not use.
  const program = buildProgram(terminal, (exitCode) => {
    state.exitCode = exitCode;
  });
  try {
    await program.parseAsync(withNamesLast(words), { from: 'user' });
    return state.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
}

function buildProgram(terminal: Terminal, finish: (exitCode: number) => void): Command {
  const program = new Command('sallyport')
    .description('Login, tokens and refusal for workloads behind Envoy, as an external authorization service.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', closing)
    .showHelpAfterError('(sallyport --help lists the commands)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) });
  addConfigCommands(program, terminal, finish);
  addRunningCommands(program, terminal, finish);
  addKeysCommands(program, terminal, finish);
  addIssuerCommands(program, terminal, finish);
  addImportCommands(program, terminal, finish);
  return program;
}

function addConfigCommands(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  program
    .command('serve')
    .summary('run the service')
    .description(
      'Run the check, the side service and the operations listener until SIGTERM or SIGINT. SIGHUP, or a change of the configuration or of a file that it names, is taken over without a restart.',
    )
    .option(...configOption)
    .addOption(compatOption())
    .action(async (place: ConfigPlace) => {
      const { serveCommand } = await import('./config-commands.ts');
      finish(await serveCommand(place, terminal));
    });
  program
    .command('check')
    .summary('check a configuration')
    .description('Check a configuration whole: every error with its line, what was expected and what to write instead.')
    .option(...configOption)
    .addOption(compatOption())
    .option('--no-secrets', 'do not read secrets and certificates, for checks where they are not at hand')
    .action(async (options: ConfigPlace & { secrets: boolean }) => {
      const { checkCommand } = await import('./config-commands.ts');
      finish(await checkCommand(options, terminal));
    });
  program
    .command('schema')
    .summary('print the schema of sallyport.yaml')
    .description(
      'Print the JSON Schema of sallyport.yaml. Editors use it: # yaml-language-server: $schema=sallyport.schema.json',
    )
    .addOption(
      new Option('--format <format>', 'markdown: the reference documentation')
        .choices(['json', 'markdown'])
        .default('json'),
    )
    .action(async ({ format }: { format: string }) => {
      const { schemaCommand } = await import('./schema-command.ts');
      finish(schemaCommand(format, terminal));
    });
  program
    .command('envoy')
    .summary('print the Envoy configuration that belongs to a configuration')
    .description(
      'Print the Envoy configuration: a hardened edge that asks Sallyport about every request. Reads no secret.',
    )
    .option(...configOption)
    .addOption(new Option('--format <format>', 'json: without comments').choices(['yaml', 'json']).default('yaml'))
    .action(async ({ config, format }: { config?: string; format: string }) => {
      const { envoyCommand } = await import('./config-commands.ts');
      finish(await envoyCommand({ config, format }, terminal));
    });
}

function addIssuerCommands(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  const issuer = program.command('issuer').summary('the embedded issuer').description('For instances of mode issuer.');
  issuer
    .command('signing-keys')
    .summary('signing keys')
    .description('Keys that sign ID tokens.')
    .command('new')
    .description('Print a private JWK Set. Whoever reads it can sign in as anybody: (umask 077; … > signing-keys.json)')
    .action(async () => {
      const { signingKeysCommand } = await import('./secret-commands.ts');
      finish(await signingKeysCommand(terminal));
    });
  issuer
    .command('password-hash')
    .summary('hash a password')
    .description(
      'Print the argon2id hash of the password that stands in the standard input, for passwordHash of a user.',
    )
    .action(async () => {
      const { passwordHashCommand } = await import('./secret-commands.ts');
      finish(await passwordHashCommand(terminal));
    });
}
