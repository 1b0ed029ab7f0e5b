import { secondsOf } from '../../core/time.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { envoyBootstrap } from '../envoy/bootstrap.ts';
import { printEnvoyYaml } from '../envoy/print.ts';
import { formatFindings, summarize } from './report.ts';
import { exitCodes, type Terminal } from './terminal.ts';
import { version } from './version.ts';

interface ConfigOptions {
  readonly config: string | undefined;
  readonly secrets: boolean;
}

/** The file that a command works on: the option, else SALLYPORT_CONFIG, else ./sallyport.yaml. */
function configFile(option: string | undefined, environment: Terminal['environment']): string {
  const fromEnvironment = environment['SALLYPORT_CONFIG'];
  if (option !== undefined) return option;
  return fromEnvironment === undefined || fromEnvironment === '' ? 'sallyport.yaml' : fromEnvironment;
}

/** `sallyport check`. */
export async function checkCommand(options: ConfigOptions, terminal: Terminal): Promise<number> {
  const config = await loadOrExplain(options, terminal);
  if (config === undefined) return exitCodes.failed;
  terminal.out(summarize(config));
  return exitCodes.ok;
}

/** `sallyport envoy`. */
export async function envoyCommand(
  { config: file, format }: { readonly config: string | undefined; readonly format: string },
  terminal: Terminal,
): Promise<number> {
  // The secrets are not in what is printed, and need not be where it is printed.
  const config = await loadOrExplain({ config: file, secrets: false }, terminal);
  if (config === undefined) return exitCodes.failed;
  if (config.envoy === undefined) {
    terminal.err('the configuration has no envoy: it says where Envoy listens and where the workload is\n');
    return exitCodes.failed;
  }
  const bootstrap = envoyBootstrap(config, config.envoy);
  const heading = `Envoy configuration, made by sallyport ${version()} envoy. Make it again after a change of sallyport.yaml.`;
  terminal.out(format === 'json' ? `${JSON.stringify(bootstrap, undefined, 2)}\n` : printEnvoyYaml(bootstrap, heading));
  return exitCodes.ok;
}

/** `sallyport serve`: until a signal asks for the end. */
export async function serveCommand(file: string | undefined, terminal: Terminal): Promise<number> {
  // Both take a while to load and neither needs the other.
  const [config, { serve }] = await Promise.all([
    loadOrExplain({ config: file, secrets: true }, terminal),
    import('../serve.ts'),
  ]);
  if (config === undefined) return exitCodes.failed;
  // Before the start: a signal in its midst must end it as orderly as one later.
  const asked = terminal.untilAskedToStop();
  const service = await serve(config, version());
  // A person at a terminal waits for nobody's health checks.
  const delay = (await asked) === 'SIGINT' ? secondsOf(0) : config.shutdown.delay;
  await service.stop(delay);
  return exitCodes.ok;
}

async function loadOrExplain(
  { config: file, secrets }: ConfigOptions,
  terminal: Terminal,
): Promise<Config | undefined> {
  const loaded = await loadConfig(configFile(file, terminal.environment), terminal.environment, {
    readsSecrets: secrets,
  });
  terminal.err(formatFindings('warning', loaded.warnings));
  if (loaded.kind === 'ok') return loaded.config;
  terminal.err(formatFindings('error', loaded.errors));
  return undefined;
}
