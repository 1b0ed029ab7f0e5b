import { expect } from 'vitest';
import { startBareEnvoy } from './bare-envoy.ts';
import { type RawAnswer, sendRaw } from './raw-http.ts';
import type { RecordedRequest } from './recording-upstream.ts';
import type { World } from './world.ts';

/** What an attacker got, and what of it reached the workload. */
export interface Attempt {
  readonly answer: RawAnswer;
  readonly reached: readonly RecordedRequest[];
}

/** Ways to the check: the listener as we ship it, and one without its hardening (see bare-envoy.ts). */
export const ways = ['hardened', 'bare'] as const;

export type Way = (typeof ways)[number];

export type Ports = Readonly<Record<Way, number>>;

export async function portsOf(world: World): Promise<Ports> {
  return { hardened: world.port, bare: await startBareEnvoy(world) };
}

/** Sends these bytes and looks at what the workload saw of them. */
export async function attempt(world: Pick<World, 'upstream'>, port: number, bytes: string): Promise<Attempt> {
  world.upstream.clear();
  const answer = await sendRaw(port, bytes);
  return { answer, reached: [...world.upstream.requests] };
}

/** DENY: the workload saw nothing, and the answer is a redirect to the provider or one of the refusals. */
export function expectDenied({ answer, reached }: Attempt, statuses: readonly number[] = [302, 400, 401, 403]): void {
  expect(reached).toEqual([]);
  expect(statuses).toContain(answer.status);
  if (answer.status === 302) expect(answer.header('location')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/auth\?/);
}

/** The one request that the workload saw. */
export function soleRequest({ answer, reached }: Attempt): RecordedRequest {
  const [request, ...further] = reached;
  if (request === undefined || further.length > 0) {
    throw new Error(`the workload saw ${reached.length} requests; the answer: ${answer.status} ${answer.body}`);
  }
  return request;
}

/** Names and values as the workload read them, one line each. */
export function textOf(request: RecordedRequest): string {
  return request.headers.map(([name, value]) => `${name}: ${value}`).join('\n');
}
