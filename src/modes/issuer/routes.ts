import formbody from '@fastify/formbody';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { type Refusal, refuse } from '../../core/http/refusal.ts';
import type { Exchange, IssuerEngine, IssuerInteraction, IssuerPage } from '../../ports/issuer-engine.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { decide, type FormFields, type Move } from './decide.ts';
import { consentPage, foreignFormPage, interactionGonePage, loginPage } from './pages.ts';
import { refusalOfSize } from './sizes.ts';
import type { Users } from './users.ts';

/** Everything that the routes of one issuer work with. */
export interface IssuerRuntime {
  /** Name of the mode instance. */
  readonly name: string;
  /** Where people and relying parties meet the issuer: `https://app.example.com`, as `URL.origin` spells it. */
  readonly origin: string;
  readonly engine: IssuerEngine;
  readonly users: Users;
  readonly telemetry: Telemetry;
}

/** A form with a user name and a password is small. Bytes. */
const formLimit = 16_384;

type InteractionRoute = { Params: { id: string } };

/** Login and consent pages of ours, and the engine for the rest, below the base path. */
export function issuerRoutes(runtime: IssuerRuntime): FastifyPluginAsync {
  return async (server) => {
    // Cookies and pages of an issuer belong to one origin. A host that no origin has is the direct back channel's.
    server.addHook('onRequest', async (request, reply) => {
      const { publicOrigin } = request;
      if (publicOrigin === undefined || new URL(publicOrigin).origin === runtime.origin) return;
      reply.callNotFound();
      await reply;
    });
    await server.register(interactionRoutes(runtime));
    await server.register(engineRoutes(runtime.engine));
  };
}

function interactionRoutes(runtime: IssuerRuntime): FastifyPluginAsync {
  const { engine, users } = runtime;
  return async (server) => {
    await server.register(formbody, { bodyLimit: formLimit });

    server.get<InteractionRoute>('/interaction/:id', async (request, reply) => {
      const interaction = await engine.interaction(request.params.id, exchangeOf(request, reply));
      if (interaction === undefined) return send(reply, 400, interactionGonePage());
      return send(reply, 200, await pageOf(users, interaction));
    });

    server.post<InteractionRoute>('/interaction/:id', async (request, reply) => {
      // The interaction's cookie is SameSite=Lax, so that a foreign form has none; browsers that say where a form
      // comes from let us refuse it by name. Origin is of no use: our own pages send `null` (no-referrer).
      if (isForeign(request)) return send(reply, 403, foreignFormPage());
      const exchange = exchangeOf(request, reply);
      const interaction = await engine.interaction(request.params.id, exchange);
      if (interaction === undefined) return send(reply, 400, interactionGonePage());
      return carryOut(decide(interaction, formOf(request.body)), interaction, exchange, reply, runtime);
    });
  };
}

async function carryOut(
  move: Move,
  interaction: IssuerInteraction,
  exchange: Exchange,
  reply: FastifyReply,
  { name, engine, users, telemetry }: IssuerRuntime,
): Promise<FastifyReply> {
  const { clientId } = interaction.client;
  switch (move.kind) {
    case 'show':
      return send(reply, 400, await pageOf(users, interaction));
    case 'authenticate': {
      const account = await users.authenticate(move.username, move.password);
      if (account === undefined) {
        telemetry.event('issuer_login_failed', { instance: name, clientId });
        return send(reply, 400, loginPage(interaction, { username: move.username }));
      }
      telemetry.event('issuer_login_succeeded', { instance: name, clientId, subject: account.subject });
      return goOn(reply, await engine.finish(interaction.id, { kind: 'login', subject: account.subject }, exchange));
    }
    case 'consent':
      telemetry.event('issuer_consent_given', { instance: name, clientId, subject: interaction.subject });
      return goOn(reply, await engine.finish(interaction.id, move, exchange));
    case 'deny':
      telemetry.event('issuer_consent_denied', { instance: name, clientId, subject: interaction.subject });
      return goOn(reply, await engine.finish(interaction.id, move, exchange));
  }
}

async function pageOf(users: Users, interaction: IssuerInteraction): Promise<IssuerPage> {
  if (interaction.kind === 'login') return loginPage(interaction, undefined);
  const account = interaction.subject === undefined ? undefined : await users.find(interaction.subject);
  const userName = account?.claims.get('name') ?? interaction.subject ?? '';
  return consentPage(interaction, typeof userName === 'string' ? userName : '');
}

/** The engine reads bodies itself and writes to the socket itself: Fastify parses nothing and sends nothing here. */
function engineRoutes(engine: IssuerEngine): FastifyPluginAsync {
  return async (server) => {
    // Before the engine: it stores an authorization request as it came, and nobody has logged in yet.
    server.addHook('onRequest', async (request, reply) => {
      const refusal = refusalOfSize(httpRequestFrom(request.raw));
      if (refusal !== undefined) await answerRefusal(request, reply, refusal);
    });
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const url of ['/', '/*']) {
      server.all(url, async (request, reply) => {
        reply.hijack();
        await engine.answer(exchangeOf(request, reply));
      });
    }
  };
}

function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, headers, body } = refuse(httpRequestFrom(request.raw), refusal);
  return reply.code(status).headers(Object.fromEntries(headers)).send(body);
}

function exchangeOf(request: FastifyRequest, reply: FastifyReply): Exchange {
  return { request: request.raw, response: reply.raw };
}

/** Fetch Metadata Request Headers §2.3. Absent in old browsers. */
function isForeign(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin';
}

/** The fields that came exactly once. */
function formOf(body: unknown): FormFields {
  if (typeof body !== 'object' || body === null) return new Map();
  return new Map(
    Object.entries(body).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

function send(reply: FastifyReply, status: number, page: IssuerPage): FastifyReply {
  return reply.code(status).headers(Object.fromEntries(page.headers)).send(page.body);
}

/** 303: what follows is a GET, whatever the form was (RFC 9110 §15.4.4). */
function goOn(reply: FastifyReply, location: string | undefined): FastifyReply {
  if (location === undefined) return send(reply, 400, interactionGonePage());
  return reply.code(303).headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).send();
}
