import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { Reply } from '../../core/verdict.ts';
import { sendReply } from '../../fastify/send-reply.ts';
import { agentEndpoints } from './endpoints.ts';
import { answerElsewhere, answerEndpoint, failureOf, withCors } from './gate.ts';
import type { AgentRuntime } from './runtime.ts';
import { takeBody } from './take-body.ts';

/** The endpoints of an agent, below its base path. All else there is answered as its errors are, and is readable for the application. */
export function agentRoutes(runtime: AgentRuntime): FastifyPluginAsync {
  const endpoints = agentEndpoints(runtime);
  return async (service) => {
    // Each body is read with the schema of its endpoint.
    service.removeAllContentTypeParsers();
    service.addContentTypeParser('*', async (_request: FastifyRequest, payload: AsyncIterable<Uint8Array>) =>
      takeBody(payload),
    );

    const answering =
      (answer: (request: HttpRequest, fastifyRequest: FastifyRequest) => Reply | Promise<Reply>) =>
      async (fastifyRequest: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
        const request = httpRequestFrom(fastifyRequest.raw);
        const answered = await answer(request, fastifyRequest);
        const readable = withCors(answered, request, fastifyRequest.publicOrigin, runtime);
        return await sendReply(readable, request, reply, runtime.services.renderer);
      };

    for (const endpoint of endpoints) {
      service.route({
        method: endpoint.method,
        url: runtime.settings.endpoints[endpoint.name],
        exposeHeadRoute: false,
        handler: answering((request, { publicOrigin, body }) =>
          answerEndpoint(endpoint, { request, origin: publicOrigin, body: bytesOf(body) }, runtime),
        ),
      });
    }
    service.setNotFoundHandler(
      answering((request, { publicOrigin }) => answerElsewhere(request, publicOrigin, endpoints, runtime)),
    );
    service.setErrorHandler((error, fastifyRequest, reply) =>
      answering(() => failureOf(error, runtime))(fastifyRequest, reply),
    );
  };
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}
