import { jsonReply } from '../../core/http/reply.ts';
import { type AgentErrorName, agentErrors, codeOf } from './agent-error.ts';
import { type Credential, type DescribedEndpoint, type EndpointDescription, endpoint, pathOf } from './endpoint.ts';
import type { AgentRuntime } from './runtime.ts';
import { documentAnswer, jsonSchemaOf, namedSchemas, noBody, type Schema } from './schemas.ts';

/*
 * The OpenAPI document is put together from the table of endpoints, whose schemas read the bodies as well. A plugin of
 * Fastify would make it from schemas that Fastify then validates and serialises with in its own way, a second time.
 */

/** The endpoint that describes itself and the others. No secret: it needs no session and no trusted origin. */
export function openApiEndpoint(others: readonly DescribedEndpoint[], runtime: AgentRuntime): DescribedEndpoint {
  const self = endpoint(
    {
      name: 'openapi',
      method: 'GET',
      summary: 'This description.',
      askedBy: 'anybody',
      answer: { status: 200, description: 'OpenAPI 3.1.', schema: documentAnswer, setsCookies: false },
    },
    async () => jsonReply(200, document),
  );
  const document = openApiDocument([...others, self], runtime);
  return self;
}

/** OpenAPI 3.1 of these endpoints, at the paths and with the names that the instance has. */
function openApiDocument(endpoints: readonly EndpointDescription[], runtime: AgentRuntime): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'OAuth agent',
      version: '1',
      description:
        'Login and tokens of a single-page application. Tokens stay in cookies that no script can read, or behind them. Requests that change something come from a page of a trusted origin, which their Origin header names. Any other method of an endpoint is 405 (MethodNotAllowed), any other path 404 (NotFound).',
    },
    paths: Object.fromEntries(
      endpoints.map((described) => [
        pathOf(described.name, runtime),
        { [described.method.toLowerCase()]: operationOf(described) },
      ]),
    ),
    components: {
      schemas: Object.fromEntries(Object.entries(namedSchemas).map(([name, schema]) => [name, jsonSchemaOf(schema)])),
      responses: {
        NotFound: errorResponse(['not_found'], false),
        MethodNotAllowed: errorResponse(['method_not_allowed'], false),
      },
      headers,
      securitySchemes: securitySchemesOf(runtime),
    },
  };
}

const headers = {
  Allow: { description: 'The method that the endpoint has.', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds after which the same may work.', schema: { type: 'integer', minimum: 0 } },
  SetCookie: { description: 'Cookies that it sets or deletes.', schema: { type: 'string' } },
};

/** Headers of answers, as references. */
const has = {
  allow: { Allow: { $ref: '#/components/headers/Allow' } },
  retryAfter: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
  setCookie: { 'Set-Cookie': { $ref: '#/components/headers/SetCookie' } },
};

function operationOf(described: EndpointDescription): object {
  return {
    operationId: described.name,
    summary: described.summary,
    security: described.security.map((list) => Object.fromEntries(list.map((credential) => [credential, []]))),
    ...requestBodyOf(described),
    responses: { [described.answer.status]: answerOf(described), ...errorsOf(described) },
  };
}

function securitySchemesOf({ cookies }: AgentRuntime): Readonly<Record<Credential, object>> {
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
  const types = ['application/json', ...(body.asForm ? ['application/x-www-form-urlencoded'] : [])];
  return {
    requestBody: {
      required: !body.schema.safeParse({}).success,
      content: Object.fromEntries(types.map((type) => [type, { schema: schemaOf(body.schema) }])),
    },
  };
}

function answerOf({ answer }: EndpointDescription): object {
  return {
    description: answer.description,
    ...(answer.setsCookies ? { headers: has.setCookie } : {}),
    ...(answer.schema === undefined ? {} : { content: jsonContent(schemaOf(answer.schema)) }),
  };
}

/** What every endpoint may say, and what it says beside that where not everybody may ask. */
const common: readonly AgentErrorName[] = ['invalid_request', 'unknown_host', 'server_error'];
const guarded: readonly AgentErrorName[] = ['unauthorized_request', 'cross_site', 'temporarily_unavailable'];

function errorsOf({ errors, askedBy, passesErrorCodes }: EndpointDescription): object {
  const names = [...common, ...(askedBy === 'application' ? guarded : []), ...errors];
  const byStatus = Map.groupBy(names, (name) => agentErrors[name].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      errorResponse(group, passesErrorCodes && (status === 400 || status === 401)),
    ]),
  );
}

/** `foreignCodes`: codes of authorization responses come as well. */
function errorResponse(names: readonly AgentErrorName[], foreignCodes: boolean): object {
  const own = { enum: names.map(codeOf) };
  const foreign = {
    type: 'string',
    pattern: '^[a-z_]{1,64}$',
    description: 'The code of an authorization response.',
  };
  const code = foreignCodes ? { anyOf: [own, foreign] } : own;
  const sent = Object.assign({}, ...names.map((name) => headersOf[name] ?? {}));
  return {
    description: names.map((name) => `\`${codeOf(name)}\`: ${agentErrors[name].meaning}`).join(' '),
    ...(Object.keys(sent).length === 0 ? {} : { headers: sent }),
    content: jsonContent({ allOf: [schemaOf(namedSchemas.Error), { properties: { code } }] }),
  };
}

/** What comes with an error, always or where it is known. */
const headersOf: Readonly<Partial<Record<AgentErrorName, object>>> = {
  method_not_allowed: has.allow,
  session_expired: has.setCookie,
  authorization_server_error: has.retryAfter,
  temporarily_unavailable: has.retryAfter,
};

/** A reference where the document has a name for it. */
function schemaOf(schema: Schema): object {
  const named = Object.entries(namedSchemas).find(([, each]) => each === schema);
  return named === undefined ? jsonSchemaOf(schema) : { $ref: `#/components/schemas/${named[0]}` };
}

function jsonContent(schema: object): object {
  return { 'application/json': { schema } };
}
