import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, type Way, ways } from '../support/attack.ts';
import { rawGet } from '../support/raw-http.ts';
import type { World } from '../support/world.ts';
import { closed, open, type Row } from './path-tables.ts';
import { hostsOf, startPathsWorld } from './paths-world.ts';

let world: World;
let ports: Ports;

beforeAll(async () => {
  world = await startPathsWorld();
  ports = await portsOf(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const get = (way: Way, host: 'closed' | 'open', target: string, lines: readonly string[] = []) =>
  attempt(world, ports[way], rawGet(target, hostsOf(world)[host], lines));

async function expectOutcome(way: Way, host: 'closed' | 'open', [target, shipped, bare = shipped]: Row): Promise<void> {
  const outcome = way === 'hardened' ? shipped : bare;
  const seen = await get(way, host, target);
  if (typeof outcome === 'number') expectDenied(seen, [outcome]);
  else expect(soleRequest(seen).target).toBe(outcome);
}

const named = (rows: readonly Row[] = []) => rows.map((row) => ({ target: row[0], row }));

describe.each(Object.keys(closed))('%s', (id) => {
  describe.each(ways)('%s listener', (way) => {
    it.each(named(closed[id]))('where all but /public is closed: $target', ({ row }) =>
      expectOutcome(way, 'closed', row),
    );

    it.each(named(open[id]))('where all but /admin is open: $target', ({ row }) => expectOutcome(way, 'open', row));
  });
});
