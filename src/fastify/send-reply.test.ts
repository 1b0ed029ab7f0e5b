import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { renderer } from '../../test/support/rendered.ts';
import { httpRequestFrom } from '../core/http/from-node.ts';
import { redirect } from '../core/http/reply.ts';
import { sendReply } from './send-reply.ts';

it('sends every Set-Cookie of an answer, not the last one alone', async () => {
  const service = Fastify();
  const cookies = ['a=1; Path=/', 'b=2; Path=/'];
  const answer = redirect(303, 'https://app.example.com/', [
    ['set-cookie', cookies[0] ?? ''],
    ['set-cookie', cookies[1] ?? ''],
  ]);
  service.get('/', (request, reply) => sendReply(answer, httpRequestFrom(request.raw), reply, renderer));
  const response = await service.inject('/');
  expect([response.statusCode, response.headers.location]).toEqual([303, 'https://app.example.com/']);
  expect(response.headers['set-cookie']).toEqual(cookies);
});
