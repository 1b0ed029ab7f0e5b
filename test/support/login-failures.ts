import { until } from './until.ts';
import type { World } from './world.ts';

type LogLine = Readonly<Record<string, unknown>>;

/** The `login_failed` lines of the first replica's log so far. */
function loginFailures(world: World): readonly LogLine[] {
  return (world.replicas[0]?.logs() ?? []).filter(({ event }) => event === 'login_failed');
}

/** Does `step` and waits for the one failed login that it leaves in the log, which is written a little later. */
export async function failureOf(world: World, step: () => Promise<void>): Promise<LogLine> {
  const before = loginFailures(world).length;
  await step();
  return await until('the failed login is in the log', () => loginFailures(world)[before]);
}
