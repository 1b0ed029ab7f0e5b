import formbody from '@fastify/formbody';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from '../../core/html/page.ts';
import type { PageRenderer } from '../../core/html/page-renderer.ts';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { refuse } from '../../core/http/refusal.ts';
import { pageReply, redirect } from '../../core/http/reply.ts';
import type { Reply } from '../../core/verdict.ts';
import { sendReply } from '../../fastify/send-reply.ts';
import type { Exchange, IssuerEngine, IssuerInteraction } from '../../ports/issuer-engine.ts';
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
  readonly renderer: PageRenderer;
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
    await server.register(engineRoutes(runtime));
  };
}

function interactionRoutes(runtime: IssuerRuntime): FastifyPluginAsync {
  const { engine, renderer } = runtime;
  return async (server) => {
    await server.register(formbody, { bodyLimit: formLimit });

    server.get<InteractionRoute>('/interaction/:id', async (request, reply) => {
      const interaction = await engine.interaction(request.params.id, exchangeOf(request, reply));
      return sendReply(await questionOf(interaction, runtime), httpRequestFrom(request.raw), reply, renderer);
    });

    server.post<InteractionRoute>('/interaction/:id', async (request, reply) => {
      const answer = await answerTo(request, exchangeOf(request, reply), runtime);
      return sendReply(answer, httpRequestFrom(request.raw), reply, renderer);
    });
  };
}

async function questionOf(interaction: IssuerInteraction | undefined, { users }: IssuerRuntime): Promise<Reply> {
  return interaction === undefined ? gone() : pageReply(200, await pageOf(users, interaction));
}

async function answerTo(
  request: FastifyRequest<InteractionRoute>,
  exchange: Exchange,
  runtime: IssuerRuntime,
): Promise<Reply> {
  // The interaction's cookie is SameSite=Lax, so that a foreign form has none; browsers that say where a form
  // comes from let us refuse it by name. Origin is of no use: our own pages send `null` (no-referrer).
  if (isForeign(request)) return pageReply(403, foreignFormPage());
  const interaction = await runtime.engine.interaction(request.params.id, exchange);
  if (interaction === undefined) return gone();
  return await carryOut(decide(interaction, formOf(request.body)), interaction, exchange, runtime);
}

async function carryOut(
  move: Move,
  interaction: IssuerInteraction,
  exchange: Exchange,
  { name, engine, users, telemetry }: IssuerRuntime,
): Promise<Reply> {
  const { clientId } = interaction.client;
  switch (move.kind) {
    case 'show':
      return pageReply(400, await pageOf(users, interaction));
    case 'authenticate': {
      const account = await users.authenticate(move.username, move.password);
      if (account === undefined) {
        telemetry.event('issuer_login_failed', { instance: name, clientId });
        return pageReply(400, loginPage(interaction, { username: move.username }));
      }
      telemetry.event('issuer_login_succeeded', { instance: name, clientId, subject: account.subject });
      return goOn(await engine.finish(interaction.id, { kind: 'login', subject: account.subject }, exchange));
    }
    case 'consent':
      telemetry.event('issuer_consent_given', { instance: name, clientId, subject: interaction.subject });
      return goOn(await engine.finish(interaction.id, move, exchange));
    case 'deny':
      telemetry.event('issuer_consent_denied', { instance: name, clientId, subject: interaction.subject });
      return goOn(await engine.finish(interaction.id, move, exchange));
  }
}

async function pageOf(users: Users, interaction: IssuerInteraction): Promise<Page> {
  if (interaction.kind === 'login') return loginPage(interaction, undefined);
  const account = interaction.subject === undefined ? undefined : await users.find(interaction.subject);
  const userName = account?.claims.get('name') ?? interaction.subject ?? '';
  return consentPage(interaction, typeof userName === 'string' ? userName : '');
}

/** The engine reads bodies itself and writes to the socket itself: Fastify parses nothing and sends nothing here. */
function engineRoutes({ engine, renderer }: IssuerRuntime): FastifyPluginAsync {
  return async (server) => {
    // Before the engine: it stores an authorization request as it came, and nobody has logged in yet.
    server.addHook('onRequest', async (request, reply) => {
      const neutral = httpRequestFrom(request.raw);
      const refusal = refusalOfSize(neutral);
      if (refusal !== undefined) await sendReply(refuse(neutral, refusal), neutral, reply, renderer);
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

/** 303: what follows is a GET, whatever the form was (RFC 9110 §15.4.4). */
function goOn(location: string | undefined): Reply {
  return location === undefined ? gone() : redirect(303, location);
}

function gone(): Reply {
  return pageReply(400, interactionGonePage());
}
