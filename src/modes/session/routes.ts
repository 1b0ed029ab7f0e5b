import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { isTopLevelNavigation } from '../../core/http/navigation.ts';
import { refuse, unknownHost } from '../../core/http/refusal.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { Reply } from '../../core/verdict.ts';
import { callback } from './callback.ts';
import { loginRequired, startLogin } from './login.ts';
import { loggedOutPage, logout, logoutPage } from './logout.ts';
import type { SessionRuntime } from './runtime.ts';
import { userinfo } from './userinfo.ts';

type Answer = (request: HttpRequest, origin: string) => Reply | Promise<Reply>;

/** The side service of a session instance, below its base path. */
export function sessionRoutes(runtime: SessionRuntime): FastifyPluginAsync {
  return async (service) => {
    // No body is of interest here: a POST to /logout says all by its origin and its cookie.
    service.removeAllContentTypeParsers();
    service.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    const route = (method: 'GET' | 'POST', path: string, answer: Answer) =>
      service.route({
        method,
        url: path,
        exposeHeadRoute: false,
        handler: (request, reply) => handle(request, reply, answer),
      });

    route('GET', '/login', (request, origin) => login(request, origin, runtime));
    route('GET', '/callback', (request, origin) => callback(request, origin, runtime));
    route('GET', '/logout', (_request, origin) => logoutPage(origin, runtime));
    route('POST', '/logout', (request, origin) => logout(request, origin, runtime));
    route('GET', '/logout/callback', (_request, origin) => loggedOutPage(origin, runtime));
    route('GET', '/userinfo', (request, origin) => userinfo(request, origin, runtime));
  };
}

async function login(request: HttpRequest, origin: string, runtime: SessionRuntime): Promise<Reply> {
  // A script or an iframe that asks for the login page would leave an attempt that nobody finishes.
  if (!isTopLevelNavigation(request)) return loginRequired(request, origin, runtime);
  // Encoded whole, the longest return URL fits; what is longer holds up other requests while it is taken apart.
  const wanted = request.target.length > 16_384 ? [] : new URL(request.target, origin).searchParams.getAll('rd');
  return await startLogin(request, origin, wanted.length === 1 ? (wanted[0] ?? '/') : '/', runtime);
}

async function handle(fastifyRequest: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const request = httpRequestFrom(fastifyRequest.raw);
  const origin = fastifyRequest.publicOrigin;
  const answered = origin === undefined ? refuse(request, unknownHost) : await answer(request, origin);
  reply.code(answered.status);
  for (const [name, value] of answered.headers) reply.header(name, value);
  return await reply.send(answered.body);
}
