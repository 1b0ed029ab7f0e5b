import { secondsOf } from '../../core/time.ts';
import { type LoadedFiles, loadConfig } from '../config/load-config.ts';
import { envoyBootstrap } from '../envoy/bootstrap.ts';
import { printEnvoyYaml } from '../envoy/print.ts';
import { loadCompatible } from './load-compatible.ts';
import { formatFindings, summarize } from './report.ts';
import { exitCodes, type Terminal } from './terminal.ts';
import { version } from './version.ts';

interface ConfigOptions {
  readonly config: string | undefined;
  readonly secrets: boolean;
}

/** Where the configuration is: a file, or with `compat` the environment of another program. */
export interface ConfigPlace {
  readonly config?: string;
  readonly compat?: string;
}

/** The file that a command works on: the option, else SALLYPORT_CONFIG, else ./sallyport.yaml. */
function configFile(option: string | undefined, environment: Terminal['environment']): string {
  const fromEnvironment = environment['SALLYPORT_CONFIG'];
  if (option !== undefined) return option;
  return fromEnvironment === undefined || fromEnvironment === '' ? 'sallyport.yaml' : fromEnvironment;
}

/** `sallyport check`. */
export async function checkCommand(
  { config, compat, secrets }: ConfigPlace & { readonly secrets: boolean },
  terminal: Terminal,
): Promise<number> {
  const loaded =
    compat === undefined ? await loadAndTell({ config, secrets }, terminal) : await loadCompatible(terminal);
  if (loaded.kind === 'invalid') return exitCodes.failed;
  terminal.out(summarize(loaded.config));
  return exitCodes.ok;
}

/** `sallyport envoy`. */
export async function envoyCommand(
  { config: file, format }: { readonly config: string | undefined; readonly format: string },
  terminal: Terminal,
): Promise<number> {
  // The secrets are not in what is printed, and need not be where it is printed.
  const loaded = await loadAndTell({ config: file, secrets: false }, terminal);
  if (loaded.kind === 'invalid') return exitCodes.failed;
  const { config } = loaded;
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
export async function serveCommand({ config: file, compat }: ConfigPlace, terminal: Terminal): Promise<number> {
  // Both take a while to load and neither needs the other.
  const [loaded, { serve }] = await Promise.all([
    compat === undefined ? loadAndTell({ config: file, secrets: true }, terminal) : loadCompatible(terminal),
    import('../serve.ts'),
  ]);
  if (loaded.kind === 'invalid') return exitCodes.failed;
  const { config } = loaded;
  // Before the start: a signal in its midst must end it as orderly as one later, or be kept until it can be followed.
  const asked = terminal.untilAskedToStop();
  const reload: { wanted: boolean; now: () => void } = {
    wanted: false,
    now: () => Object.assign(reload, { wanted: true }),
  };
  terminal.onAskedToReload(() => reload.now());
  const reread =
    compat === undefined
      ? () => loadConfig(config.file, terminal.environment, { readsSecrets: true, isReload: true })
      : async () => (await import('../import/oauth-agent/load.ts')).unchangeable(loaded);
  const service = await serve(loaded, version(), reread);
  reload.now = () => void service.reload('signal');
  if (reload.wanted) reload.now();
  // A person at a terminal waits for nobody's health checks.
  await service.stop((await asked) === 'SIGINT' ? secondsOf(0) : undefined);
  return exitCodes.ok;
}

/** Reads a configuration, and tells what is wrong or doubtful about it. */
export async function loadAndTell({ config: file, secrets }: ConfigOptions, terminal: Terminal): Promise<LoadedFiles> {
  const loaded = await loadConfig(configFile(file, terminal.environment), terminal.environment, {
    readsSecrets: secrets,
  });
  terminal.err(formatFindings('warning', loaded.warnings));
  if (loaded.kind === 'invalid') terminal.err(formatFindings('error', loaded.errors));
  return loaded;
}
