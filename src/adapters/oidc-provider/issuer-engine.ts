import type { ServerResponse } from 'node:http';
import { errors, Provider } from 'oidc-provider';
import type {
  Exchange,
  InteractionOutcome,
  IssuerEngine,
  IssuerEngineServices,
  IssuerEngineSettings,
  IssuerInteraction,
} from '../../ports/issuer-engine.ts';
import { answersOf } from './answers.ts';
import { configurationOf } from './configuration.ts';
import { allCookiesOf, cookieNamesOf } from './cookie-names.ts';
import { fixOrigin } from './fixed-origin.ts';
import { enginePagesOf } from './pages.ts';
import { recordsOf } from './records.ts';
import { report } from './report.ts';
import { readSigningKeys } from './signing-keys.ts';
import { StoreOutage } from './store-outage.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** The issuer on oidc-provider. Throws for settings that it cannot work with. */
export function createIssuerEngine(settings: IssuerEngineSettings, services: IssuerEngineServices): IssuerEngine {
  const provider = createProvider(settings, services);
  const handle = provider.callback();

  async function find(id: string, exchange: Exchange): Promise<Interaction | undefined> {
    try {
      const interaction = await provider.interactionDetails(exchange.request, exchange.response);
      return interaction.uid === id ? interaction : undefined;
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw unwrapped(error);
    }
  }

  return {
    ownCookies: allCookiesOf(cookieNamesOf(settings.name, settings.issuer)),

    async answer({ request, response }) {
      const target = targetBelow(settings.basePath, request.url ?? '');
      if (target === undefined) {
        answerNotFound(response);
        return;
      }
      request.url = target;
      await handle(request, response);
    },

    async interaction(id, exchange) {
      const interaction = await find(id, exchange);
      return interaction === undefined ? undefined : describe(interaction, settings);
    },

    async finish(id, outcome, exchange) {
      const interaction = await find(id, exchange);
      if (interaction === undefined || !isAwaited(interaction, outcome)) return undefined;
      try {
        const result = await resultOf(provider, interaction, outcome, settings, services);
        return await provider.interactionResult(exchange.request, exchange.response, result, {
          mergeWithLastSubmission: outcome.kind !== 'deny',
        });
      } catch (error) {
        throw unwrapped(error);
      }
    },
  };
}

function createProvider(settings: IssuerEngineSettings, services: IssuerEngineServices): Provider {
  const pages = enginePagesOf(settings.pages, services.renderer);
  const provider = new Provider(
    settings.issuer,
    configurationOf(settings, {
      adapter: recordsOf(settings.name, services),
      jwks: readSigningKeys(settings.name, settings.signingKeys),
      cookieNames: cookieNamesOf(settings.name, settings.issuer),
      cookieKeys: services.derivedKeys
        .derive(`issuer cookies ${settings.name}`)
        .map((key) => Buffer.from(key).toString('base64url')),
      clock: services.clock,
      pages,
    }),
  );
  fixOrigin(provider, settings.issuer);
  // `sid` in every ID token (OpenID Connect Front-Channel Logout §3): relying parties find sessions by it, and an
  // id_token_hint says which login it is of. The types do not know this method of the provider's client model.
  Object.assign(provider.Client.prototype, { includeSid: () => true });
  provider.use(answersOf(pages));
  report(provider, settings.name, services.telemetry);
  return provider;
}

/** Path and query below the base path; undefined for a target that is spelled differently. */
function targetBelow(basePath: string, target: string): string | undefined {
  if (!target.startsWith(basePath)) return undefined;
  const rest = target.slice(basePath.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined;
}

function answerNotFound(response: ServerResponse): void {
  response.writeHead(404, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end('{"error":"not_found"}');
}

function describe(interaction: Interaction, settings: IssuerEngineSettings): IssuerInteraction | undefined {
  const client = settings.clients.find(({ clientId }) => clientId === interaction.params['client_id']);
  const kind = interaction.prompt.name;
  if (client === undefined || (kind !== 'login' && kind !== 'consent')) return undefined;
  const hint = interaction.params['login_hint'];
  return {
    id: interaction.uid,
    kind,
    client,
    subject: interaction.session?.accountId,
    scopes: askedScopes(interaction, settings.scopeClaims),
    loginHint: typeof hint === 'string' ? hint : undefined,
  };
}

/** What a consent page asks about. A scope that nobody offers is not asked about, and never granted. */
function askedScopes(interaction: Interaction, offered: IssuerEngineSettings['scopeClaims']): readonly string[] {
  const { scope } = interaction.params;
  const requested = typeof scope === 'string' ? scope.split(' ') : [];
  return requested.filter((name) => name === 'openid' || name === 'offline_access' || offered.has(name));
}

function isAwaited(interaction: Interaction, outcome: InteractionOutcome): boolean {
  return outcome.kind === 'deny' || interaction.prompt.name === outcome.kind;
}

async function resultOf(
  provider: Provider,
  interaction: Interaction,
  outcome: InteractionOutcome,
  settings: IssuerEngineSettings,
  services: IssuerEngineServices,
): Promise<Parameters<Provider['interactionResult']>[2]> {
  switch (outcome.kind) {
    case 'login':
      return { login: { accountId: outcome.subject, ts: services.clock.now(), amr: ['pwd'] } };
    case 'consent':
      return {
        consent: { grantId: await grantAll(provider, interaction, askedScopes(interaction, settings.scopeClaims)) },
      };
    case 'deny':
      return { error: 'access_denied', error_description: 'the user did not agree' };
  }
}

/** Records the user's agreement to every scope that the page has shown. */
async function grantAll(provider: Provider, interaction: Interaction, scopes: readonly string[]): Promise<string> {
  const accountId = interaction.session?.accountId;
  const clientId = interaction.params['client_id'];
  if (accountId === undefined || typeof clientId !== 'string') throw new Error('a consent without a user or a client');
  const existing = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  const grant = existing ?? new provider.Grant({ accountId, clientId });
  grant.addOIDCScope([...scopes]);
  return grant.save();
}

/** Our callers know the port's error, not the engine's. */
function unwrapped(error: unknown): unknown {
  return error instanceof StoreOutage ? error.outage : error;
}
