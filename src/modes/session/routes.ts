import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { refuse, unknownHost } from '../../core/http/refusal.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { Reply } from '../../core/verdict.ts';
import { sendReply } from '../../fastify/send-reply.ts';
import { backChannelLogout, frontChannelLogout } from '../../flows/provider-logout.ts';
import { callback } from './callback.ts';
import { formPostCallback } from './form-post.ts';
import { callbackPathOf, login } from './login.ts';
import { loggedOutPage, logout, logoutPage } from './logout.ts';
import type { SessionRuntime } from './runtime.ts';
import { userinfo } from './userinfo.ts';

/** `body`: the text of a form; undefined for every other body. */
type Answer = (request: HttpRequest, origin: string, body: unknown) => Reply | Promise<Reply>;

/** The side service of a session instance, below its base path. */
export function sessionRoutes(runtime: SessionRuntime): FastifyPluginAsync {
  return async (service) => {
    // A provider's form alone is of interest here: a POST to /logout says all by its origin and its cookie.
    service.removeAllContentTypeParsers();
    // Read, so that a body without an end is refused at the limit, and thrown away.
    service.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
    service.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 32_768 },
      (_request, body, done) => done(null, body),
    );
    const route = (method: 'GET' | 'POST', path: string, answer: Answer) =>
      service.route({
        method,
        url: path,
        exposeHeadRoute: false,
        handler: (request, reply) => handle(request, reply, answer, runtime),
      });

    route('GET', '/login', (request, origin) => login(request, origin, runtime));
    for (const provider of runtime.providers.values()) {
      const path = callbackPathOf(provider, runtime);
      route('GET', path, (request, origin) => callback(request, origin, provider, runtime));
      route('POST', path, (request, origin, body) => formPostCallback(body, request, origin, provider, runtime));
    }
    route('GET', '/logout', (_request, origin) => logoutPage(origin, runtime));
    route('POST', '/logout', (request, origin) => logout(request, origin, runtime));
    route('GET', '/logout/callback', (_request, origin) => loggedOutPage(origin, runtime));
    route('GET', '/userinfo', (request, origin) => userinfo(request, origin, runtime));
    // Sessions that only browsers hold cannot be ended by anybody else.
    if (runtime.settings.state === 'sealed') return;
    route('POST', '/backchannel-logout', (_request, _origin, body) =>
      backChannelLogout(typeof body === 'string' ? body : '', runtime),
    );
    route('GET', '/frontchannel-logout', (request, origin) => frontChannelLogout(request, origin, runtime));
  };
}

async function handle(
  fastifyRequest: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  runtime: SessionRuntime,
): Promise<FastifyReply> {
  const request = httpRequestFrom(fastifyRequest.raw);
  const origin = fastifyRequest.publicOrigin;
  const answered =
    origin === undefined ? refuse(request, unknownHost) : await answer(request, origin, fastifyRequest.body);
  return await sendReply(answered, request, reply, runtime.services.renderer);
}
