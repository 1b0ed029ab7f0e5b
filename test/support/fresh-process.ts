import { expectNoSecretInLogs } from './aftermath.ts';
import { until } from './until.ts';
import type { ConfigDocument, World } from './world.ts';

/**
 * Restarts the first replica, which then knows no keys of the provider, and waits until Envoy reaches it again. The log
 * of the old process goes with it, so it is looked at now. `/public` must be open in the world.
 */
export async function freshProcess(
  world: World,
  change?: (config: ConfigDocument) => void,
  env?: Readonly<Record<string, string>>,
): Promise<void> {
  expectNoSecretInLogs(world);
  await world.restart(0, change, env);
  await until('Envoy reaches the new process', async () => (await fetch(`${world.origin}/public/probe`)).ok);
  world.upstream.clear();
}
