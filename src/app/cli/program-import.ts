import type { Command } from 'commander';
import type { ImportOptions } from './import-command.ts';
import type { OauthAgentImportOptions } from './import-oauth-agent-command.ts';
import type { Terminal } from './terminal.ts';

/** `sallyport import`: translations of what other programs are configured with. */
export function addImportCommands(program: Command, terminal: Terminal, finish: (exitCode: number) => void): void {
  const group = program
    .command('import')
    .summary('move from another program')
    .description('Translate the configuration of another program.');
  group
    .command('oauth2-proxy')
    .summary('move from oauth2-proxy')
    .description(
      'Print the sallyport.yaml for an installation of oauth2-proxy; the report goes to stderr. Flags count before environment, and that before the file. No secret is printed. Guide: docs/migrate-oauth2-proxy.md',
    )
    .argument('[flags...]', 'flags of oauth2-proxy, after --: -- --provider=oidc --email-domain=example.com')
    .option('-f, --file <file>', 'oauth2-proxy.cfg')
    .option('--env-file <file>', 'NAME=value lines with OAUTH2_PROXY_… variables')
    .option('--env', 'take the OAUTH2_PROXY_… variables of this process')
    .option('--alpha-config <file>', 'its YAML of alpha options')
    .option('--origin <origin...>', 'where users reach the workload, beside the host of redirect-url')
    .option('--report', 'the report as comments at the end of the output, in place of stderr')
    .action(async (flags: readonly string[], options: ImportOptions) => {
      const { importCommand } = await import('./import-command.ts');
      finish(importCommand(flags, options, terminal));
    });
  group
    .command('oauth-agent')
    .summary('move from an OAuth agent')
    .description(
      'Print the sallyport.yaml for the environment of an OAuth agent (CLIENT_ID, COOKIE_ENCRYPTION_KEY, …); the report goes to stderr. No secret is printed. Guide: docs/migrate-oauth-agent.md',
    )
    .option('--env-file <file>', 'NAME=value lines, in place of the variables of this process')
    .option('--origin <origin...>', 'where browsers reach the APIs, in place of SALLYPORT_ORIGINS')
    .option('--report', 'the report as comments at the end of the output, in place of stderr')
    .action(async (options: OauthAgentImportOptions) => {
      const { importOauthAgentCommand } = await import('./import-oauth-agent-command.ts');
      finish(importOauthAgentCommand(options, terminal));
    });
}
