import { jsonReply } from '../../core/http/reply.ts';
import { type AgentErrorCode, agentErrors } from './agent-error.ts';
import { type Endpoint, type EndpointDescription, endpoint } from './endpoint.ts';
import type { AgentRuntime } from './runtime.ts';
import { documentAnswer, errorAnswer, jsonSchemaOf, noBody, type Schema } from './schemas.ts';

/*
 * The OpenAPI document is put together from the table of endpoints, whose schemas read the bodies as well. A plugin of
 * Fastify would make it from schemas that Fastify then validates and serialises with in its own way, a second time.
 */

/** The endpoint that describes itself and the others. No secret: it needs no session and no trusted origin. */
export function openApiEndpoint(others: readonly Endpoint[], runtime: AgentRuntime): Endpoint {
  const self: Endpoint = endpoint(
    {
      name: 'openapi',
      method: 'GET',
      summary: 'This description.',
      isPublic: true,
      answer: { status: 200, description: 'OpenAPI 3.1.', schema: documentAnswer, setsCookies: false },
    },
    async () => jsonReply(200, document),
  );
  const document = openApiDocument([...others, self], runtime);
  return self;
}

/** OpenAPI 3.1 of these endpoints, at the paths and with the names that the instance has. */
function openApiDocument(endpoints: readonly EndpointDescription[], runtime: AgentRuntime): object {
  const { settings } = runtime;
  return {
    openapi: '3.1.1',
    info: {
      title: 'OAuth agent',
      version: '1',
      description:
        'Login and tokens of a single-page application. Tokens stay in cookies that no script can read, or behind them. Requests that change something come from a page of a trusted origin, which their Origin header names; any other method of an endpoint is 405, any other path 404.',
    },
    paths: Object.fromEntries(
      endpoints.map((described) => [
        `${settings.basePath}${settings.endpoints[described.name]}`,
        { [described.method.toLowerCase()]: operationOf(described) },
      ]),
    ),
    components: { securitySchemes: securitySchemesOf(runtime) },
  };
}

function operationOf(described: EndpointDescription): object {
  return {
    operationId: described.name,
    summary: described.summary,
    security: securityOf(described),
    ...requestBodyOf(described),
    responses: { [described.answer.status]: answerOf(described), ...errorsOf(described) },
  };
}

function securityOf({ session, repeatsCsrfToken, name }: EndpointDescription): readonly object[] {
  if (name === 'loginEnd') return [{ loginCookie: [] }, { sessionCookie: [], csrfCookie: [] }, {}];
  switch (session) {
    case 'needed':
      return [repeatsCsrfToken ? { sessionCookie: [], csrfCookie: [], csrfHeader: [] } : { sessionCookie: [] }];
    case 'used':
      return [{ sessionCookie: [] }, {}];
    case 'none':
      return [];
  }
}

function securitySchemesOf({ cookies }: AgentRuntime): object {
  const cookie = (name: string, description: string) => ({ type: 'apiKey', in: 'cookie', name, description });
  return {
    sessionCookie: cookie(cookies.at.name, 'The session. Set by a login; of several pieces where it is large.'),
    csrfCookie: cookie(cookies.csrf.name, 'What the CSRF header is compared with.'),
    loginCookie: cookie(cookies.login.name, 'Ties logins to the browser that began them.'),
    csrfHeader: {
      type: 'apiKey',
      in: 'header',
      name: cookies.csrfHeader,
      description: 'The member `csrf` of the last answer of login/end. API requests that change something have it too.',
    },
  };
}

function requestBodyOf({ body }: EndpointDescription): object {
  if (body.schema === noBody) return {};
  const schema = jsonSchemaOf(body.schema);
  const types = ['application/json', ...(body.asForm ? ['application/x-www-form-urlencoded'] : [])];
  return {
    requestBody: {
      required: !body.schema.safeParse({}).success,
      content: Object.fromEntries(types.map((type) => [type, { schema }])),
    },
  };
}

function answerOf({ answer }: EndpointDescription): object {
  const cookies = { description: 'Cookies that it sets or deletes.', schema: { type: 'string' } };
  return {
    description: answer.description,
    ...(answer.setsCookies ? { headers: { 'Set-Cookie': cookies } } : {}),
    ...(answer.schema === undefined ? {} : { content: contentOf(answer.schema) }),
  };
}

/** What every endpoint may say, and what a page of no trusted origin is told. */
const common: readonly AgentErrorCode[] = ['invalid_request', 'unknown_host', 'server_error'];
const guarded: readonly AgentErrorCode[] = ['unauthorized_request', 'temporarily_unavailable'];

function errorsOf({ errors, isPublic, passesErrorCodes }: EndpointDescription): object {
  const codes = [...common, ...(isPublic ? [] : guarded), ...errors];
  const byStatus = Map.groupBy(codes, (code) => agentErrors[code].status);
  const described = [...byStatus].map(([status, group]) => {
    const foreignCodes = passesErrorCodes && (status === 400 || status === 401);
    // Pages of other sites are refused with 403.
    const all: readonly AgentErrorCode[] = status === 403 && !isPublic ? [...group, 'unauthorized_request'] : group;
    const description = all.map((code) => `\`${code}\`: ${agentErrors[code].meaning}`).join(' ');
    return [status, { description, content: contentOf(errorAnswer(all, foreignCodes)) }] as const;
  });
  return Object.fromEntries(described);
}

function contentOf(schema: Schema): object {
  return { 'application/json': { schema: jsonSchemaOf(schema) } };
}
