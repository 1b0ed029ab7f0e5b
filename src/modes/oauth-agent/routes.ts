import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import type { Reply } from '../../core/verdict.ts';
import { sendReply } from '../../fastify/send-reply.ts';
import { pathOf } from './endpoint.ts';
import { agentEndpoints } from './endpoints.ts';
import { type Arrival, answerElsewhere, answerEndpoint, answerFailure } from './gate.ts';
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
      (answer: (arrival: Arrival) => Reply | Promise<Reply>) =>
      async (fastifyRequest: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
        const request = httpRequestFrom(fastifyRequest.raw);
        const { publicOrigin: origin, body } = fastifyRequest;
        const answered = await answer({ request, origin, body: bytesOf(body) });
        return await sendReply(answered, request, reply, runtime.services.renderer);
      };

    for (const endpoint of endpoints) {
      service.route({
        method: endpoint.method,
        url: runtime.settings.endpoints[endpoint.name],
        exposeHeadRoute: false,
        handler: answering((arrival) => answerEndpoint(endpoint, arrival, runtime)),
      });
    }
    service.setNotFoundHandler(answering((arrival) => answerElsewhere(arrival, endpoints, runtime)));
    service.setErrorHandler((error, fastifyRequest, reply) => {
      const endpoint = endpoints.find(({ name }) => pathOf(name, runtime) === fastifyRequest.routeOptions.url);
      return answering((arrival) => answerFailure(error, arrival, endpoint, runtime))(fastifyRequest, reply);
    });
  };
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}
