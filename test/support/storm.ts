import { once } from 'node:events';
import { connect } from 'node:http2';
import { atEnd } from './ends.ts';

/** What a crowd of requests got, each in the order in which it was sent. */
export interface StormAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  /** From the moment at which it was sent. */
  readonly milliseconds: number;
}

/** Envoy takes a hundred streams on a connection. */
const streamsEach = 90;

/**
 * Sends so many GET requests at one moment, each to a path of its own below `under`, over as many HTTP/2 connections as that needs, and waits for all answers.
 * Rejects when one gets none.
 */
export async function storm(
  port: number,
  count: number,
  headers: Readonly<Record<string, string>>,
  under = '/storm',
): Promise<readonly StormAnswer[]> {
  const connections = await Promise.all(
    Array.from({ length: Math.ceil(count / streamsEach) }, async () => {
      const session = connect(`http://127.0.0.1:${port}`);
      const forget = atEnd(async () => session.destroy());
      session.on('error', () => undefined); // told by its streams
      await once(session, 'remoteSettings');
      return { session, forget };
    }),
  );
  const send = (index: number) =>
    new Promise<StormAnswer>((resolve, reject) => {
      const begun = performance.now();
      const { session } = connections[index % connections.length] ?? {};
      const path = `${under}/${index}`;
      const stream = session?.request({ ':path': path, ':authority': `127.0.0.1:${port}`, ...headers });
      stream?.on('response', (answer) =>
        resolve({
          status: Number(answer[':status']),
          retryAfter: answer['retry-after'],
          location: answer.location,
          milliseconds: performance.now() - begun,
        }),
      );
      stream?.on('error', reject);
      stream?.on('close', () => reject(new Error(`no answer to ${path}`)));
      stream?.resume();
    });
  try {
    return await Promise.all(Array.from({ length: count }, (_, index) => send(index)));
  } finally {
    for (const { session, forget } of connections) {
      forget();
      session.destroy();
    }
  }
}

/** The time that this part of all answers took at most, in milliseconds. */
export function percentileOf(answers: readonly StormAnswer[], part: number): number {
  const sorted = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** How often each status came. */
export function statusesOf(answers: readonly StormAnswer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
