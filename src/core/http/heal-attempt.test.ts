import { expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { epochMillisecondsOf } from '../time.ts';
import { rejectedAttemptOf } from './heal-attempt.ts';

const now = epochMillisecondsOf(1_790_000_010_000);
const start = '1790000000.250';

interface Attempt {
  readonly context?: Readonly<Record<string, string>>;
  readonly count?: string | readonly string[] | undefined;
  readonly start?: string | readonly string[] | undefined;
}

function rejected(attempt: Attempt) {
  const { context = { 'sallyport.heal': 'on' } } = attempt;
  const sent = { 'x-envoy-attempt-count': '2', 'x-sallyport-start': start };
  const changed = { 'x-envoy-attempt-count': attempt.count, 'x-sallyport-start': attempt.start };
  const given = Object.entries(changed).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return rejectedAttemptOf(httpRequest({ context, headers: { ...sent, ...Object.fromEntries(given) } }), now);
}

it('knows the second attempt of a heal route, and when its request began', () => {
  expect(rejected({})).toEqual({ requestedAt: 1_790_000_000_250 });
  expect(rejected({ start: '1790000310.000' })).toEqual({ requestedAt: 1_790_000_310_000 });
});

it.each<[string, Attempt]>([
  ['a route without context', { context: {} }],
  ['a route with another context', { context: { 'sallyport.heal': 'off' } }],
  ['the same word elsewhere', { context: { heal: 'on' } }],
  ['a first attempt', { count: '1' }],
  ['a third attempt', { count: '3' }],
  ['a count that is written otherwise', { count: '02' }],
  ['two counts', { count: ['2', '2'] }],
  ['no count', { count: [] }],
  ['a count with a client’s before it', { count: '2,2' }],
  ['no start', { start: [] }],
  ['two starts', { start: [start, start] }],
  ['joined starts', { start: `${start},${start}` }],
  ['a start without milliseconds', { start: '1790000000' }],
  ['a start with microseconds', { start: `${start}000` }],
  ['a negative start', { start: `-${start}` }],
  ['a start with an exponent', { start: '1e10.000' }],
  ['an endless start', { start: `${'9'.repeat(400)}.000` }],
  ['a start in a distant future (G10)', { start: '1790000310.001' }],
])('believes nothing of %s (forged attempt counts and starts)', (_, attempt) => {
  expect(rejected(attempt)).toBeUndefined();
});
