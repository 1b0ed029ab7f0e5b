import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startEnvoy, startRedis } from '../support/environment.ts';
import { until } from '../support/until.ts';

/** Sends one inline command and resolves to the first bytes of the answer. */
async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(`${command}\r\n`);
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(300) })) as [Buffer]; // of a socket
    return chunk.toString('latin1');
  } finally {
    socket.destroy();
  }
}

test('the test environment: a Redis that is killed and started again has its port and its data', async () => {
  const redis = await startRedis();
  await ask(redis.port, 'SET name value');
  await redis.stop();
  await expect(ask(redis.port, 'PING')).rejects.toThrow();
  await redis.start();
  expect(await ask(redis.port, 'GET name')).toBe('$5\r\nvalue\r\n');
});

test('the test environment: a paused Redis takes connections and answers when it is resumed', async () => {
  const redis = await startRedis();
  await redis.pause();
  await expect(ask(redis.port, 'PING')).rejects.toThrow('aborted');
  await redis.resume();
  expect(await until('Redis answers', () => ask(redis.port, 'PING'))).toBe('+PONG\r\n');
});

test('the test environment: an Envoy that refuses its configuration says why', async () => {
  await expect(startEnvoy('static_resources: {listeners: [{nmae: x}]}')).rejects.toThrow(/no\s+such\s+field:\s+'nmae'/);
});
