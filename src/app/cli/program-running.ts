import { type Command, Option } from 'commander';
import type { AdminOptions } from './admin-target.ts';
import type { ExplainOptions } from './explain-command.ts';
import type { EndOptions, ListOptions, SelectionOptions } from './session-commands.ts';
import type { Terminal } from './terminal.ts';

type Finish = (exitCode: number) => void;

/** Adds the commands that look into decisions and sessions. */
export function addRunningCommands(program: Command, terminal: Terminal, finish: Finish): void {
  addExplain(program, terminal, finish);
  addSession(program, terminal, finish);
}

/**
 * The words with names of sessions and ids of keys behind all options, where one of 64 begins with a hyphen. No option
 * has the 43 characters of a name; two have the six of an id.
 */
export function withNamesLast(words: readonly string[]): string[] {
  const [command, what = ''] = words;
  const isName = (word: string) => /^-[A-Za-z0-9_-]{42}$/.test(word);
  const isKeyId = (word: string) => /^-[A-Za-z0-9_-]{5}$/.test(word) && word !== '--file' && word !== '--help';
  const takesKeyId = command === 'keys' && (what === 'promote' || what === 'remove');
  const isLast = command === 'session' ? isName : takesKeyId ? isKeyId : () => false;
  return words.some(isLast) ? [...words.filter((word) => !isLast(word)), '--', ...words.filter(isLast)] : [...words];
}

function addExplain(program: Command, terminal: Terminal, finish: Finish): void {
  const command = program
    .command('explain')
    .summary('say what happens to a request, and why')
    .description(
      'Say what happens to a request, which rule decides and why the rules before it do not. Nothing is sent to the workload. Without --running and --admin the configuration alone is asked, which knows no sessions.',
    )
    .argument('<method>', 'GET, POST, …')
    .argument('<url>', 'https://app.example.com/path?query')
    .option('-H, --header <line>', 'a header, "Name: value"; may come again', collect, [])
    .option('--cookie <pair>', 'a cookie, name=value; may come again', collect, [])
    .option('--context <pair>', 'what context_extensions of Envoy’s route say, key=value; may come again', collect, [])
    .option('--browser', 'with the headers of a browser that opens the page')
    .option('--running', 'ask the running instance of the configuration, which knows sessions');
  addAdminOptions(command).action(async (method: string, url: string, options: ExplainOptions) => {
    const { explainCommand } = await import('./explain-command.ts');
    finish(await explainCommand(method, url, options, terminal));
  });
}

function addSession(program: Command, terminal: Terminal, finish: Finish): void {
  const session = program
    .command('session')
    .summary('list, show and end sessions')
    .description(
      'List, show and end sessions through the admin API of a running instance: that of the configuration, or --admin.',
    );
  const selected = (command: Command) =>
    addAdminOptions(
      command
        .option('--user <user>', 'of this user: sub, or e-mail address')
        .option('--sid <sid>', 'of this session of the provider (sid)'),
    );
  selected(
    session
      .command('list')
      .summary('list sessions')
      .description('List sessions; of all users without --user and --sid.'),
  )
    .option('--limit <count>', 'show at most so many (default: 100; as JSON: all)')
    .action(async (options: ListOptions) => {
      const { sessionListCommand } = await import('./session-commands.ts');
      finish(await sessionListCommand(options, terminal));
    });
  addAdminOptions(session.command('show').summary('show a session').description('Show a session; never its tokens.'))
    .argument('<name>', 'as session list shows it')
    .action(async (name: string, options: SelectionOptions) => {
      const { sessionShowCommand } = await import('./session-commands.ts');
      finish(await sessionShowCommand(name, options, terminal));
    });
  selected(session.command('end').summary('end sessions').description('End sessions, on every replica at once.'))
    .argument('[name]', 'as session list shows it')
    .option('--all', 'of everybody')
    .option('--yes', 'needed with --all')
    .action(async (name: string | undefined, options: EndOptions) => {
      const { sessionEndCommand } = await import('./session-commands.ts');
      finish(await sessionEndCommand(name, options, terminal));
    });
}

/** Adds the options by which commands find the admin API of a running instance. */
export function addAdminOptions(command: Command): Command {
  const tls = (name: keyof AdminOptions, what: string) =>
    [`--${name} <file>`, `for https: PEM file with ${what}`] as const;
  return command
    .option('-c, --config <file>', 'the configuration (default: $SALLYPORT_CONFIG, else ./sallyport.yaml)')
    .option('--admin <url>', 'the admin API: http://host:port, https://host:port or unix:/path')
    .option('--token-file <file>', 'the file with its token')
    .option(...tls('ca', 'the authority of its certificate'))
    .option(...tls('cert', 'our client certificate'))
    .option(...tls('key', 'the private key of it'))
    .addOption(new Option('--format <format>', 'json: for programs').choices(['text', 'json']).default('text'));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
