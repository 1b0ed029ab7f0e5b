import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { metricOf } from './metrics.ts';
import type { SallyportProcess } from './sallyport.ts';
import { until } from './until.ts';

/** How many attempts to reload ended so; with no outcome: all. */
export function reloadsOf(process: SallyportProcess, outcome = ''): Promise<number> {
  return metricOf(process, 'sallyport_config_reloads_total', outcome === '' ? '' : `outcome="${outcome}"`);
}

/** Writes a configuration and sends SIGHUP; resolves to the outcome of the reload, once there is one. */
export async function reloadWith(sallyport: SallyportProcess, config: unknown): Promise<string> {
  await writeFile(sallyport.configFile, stringify(config));
  return await reloadBySignal(sallyport);
}

/** Sends SIGHUP; resolves to the outcome of the reload, once there is one. */
export async function reloadBySignal(sallyport: SallyportProcess): Promise<string> {
  const before = await reloadsOf(sallyport);
  process.kill(sallyport.pid, 'SIGHUP');
  await until('the reload has ended', async () => (await reloadsOf(sallyport)) > before);
  return await lastReloadOf(sallyport);
}

/** The outcome of the last reload, as /readyz tells it. */
export async function lastReloadOf({ opsUrl }: SallyportProcess): Promise<string> {
  // The test looks at what it got.
  const body = (await (await fetch(`${opsUrl}/readyz`)).json()) as {
    readonly config: { readonly last_reload: { readonly outcome: string } | null };
  };
  return body.config.last_reload?.outcome ?? 'none';
}
