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

/** The tables of path-tables.ts. */
const cases = [
  ['P1', 'dot segments, plain, encoded and encoded twice'],
  ['P2', 'encoded slashes, backslashes, NUL and overlong UTF-8'],
  ['P3', 'doubled slashes'],
  ['P4', 'path parameters'],
  ['P5', 'fragments, raw and encoded'],
  ['P6', 'the text of a rule inside the query'],
  ['P8', 'case, trailing slash, percent-encoded letters'],
] as const;

it('has a name for every table', () => {
  const ids = cases.map(([id]) => id);
  expect([Object.keys(closed), Object.keys(open)]).toEqual([ids, ids]);
});

describe.each(cases)('%s %s', (id) => {
  describe.each(ways)('%s listener', (way) => {
    it.each(named(closed[id]))('where all but /public is closed: $target', ({ row }) =>
      expectOutcome(way, 'closed', row),
    );

    it.each(named(open[id]))('where all but /admin is open: $target', ({ row }) => expectOutcome(way, 'open', row));
  });
});
