import { z } from 'zod';
import { secondsOf } from '../../core/time.ts';
import {
  basePathSchema,
  durationSchema,
  httpsOrLoopbackUrlSchema,
  loopbackHosts,
  secretSchema,
} from '../settings-types.ts';

const endpoint = (path: string, what: string) => basePathSchema.default(path).describe(what);

const webOriginSchema = z
  .string()
  .refine(
    (text) => /^https?:[^*]*$/.test(text) && URL.parse(text)?.origin === text,
    'expected scheme://host[:port] as a browser writes it, without a path; no wildcards',
  );

const methodSchema = z.string().regex(/^[A-Z][A-Z-]*$/, 'expected a method in upper case');
const headerNameSchema = z
  .string()
  .regex(/^(?!\*$)[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected a header name; * means nothing where cookies are sent');

/** Where the configuration does not say. Sealed sessions, which are never unused, have it too. */
const defaultIdleLifetime = secondsOf(3600);

/** Settings of an instance of oauth-agent mode: login, tokens and API calls of a single-page application. */
export const oauthAgentSettings = z
  .strictObject({
    provider: z.string().min(1).describe('Name of the provider (under `providers`) that logs users in.'),
    state: z
      .enum(['store', 'sealed'])
      .default('store')
      .describe(
        'Where sessions are. `store`: the browser holds an id. `sealed`: the browser holds the tokens, encrypted, in cookies that no script can read; it needs no store, and nobody but the browser can end it.',
      ),
    basePath: basePathSchema
      .default('/oauth-agent')
      .describe('Where the application reaches the agent on each host, in front of the workload.'),
    endpoints: z
      .strictObject({
        loginStart: endpoint('/login/start', 'POST: begins a login.'),
        loginEnd: endpoint('/login/end', 'POST: finishes a login, or says whether there is a session.'),
        userInfo: endpoint('/userInfo', 'GET: what the provider says about the user now.'),
        claims: endpoint('/claims', 'GET: the claims of the ID token.'),
        refresh: endpoint('/refresh', 'POST: replaces the tokens.'),
        logout: endpoint('/logout', 'POST: ends the session.'),
        session: endpoint('/session', 'GET: whether there is a session, without prolonging it.'),
        openapi: endpoint('/openapi.json', 'GET: the description of all this (OpenAPI 3.1).'),
        backChannelLogout: endpoint(
          '/backchannel-logout',
          'POST, with `store`: the provider says that a login is over (OpenID Connect Back-Channel Logout 1.0).',
        ),
        frontChannelLogout: endpoint(
          '/frontchannel-logout',
          'GET, with `store`: the same from a frame in the page of the provider (Front-Channel Logout 1.0).',
        ),
      })
      .prefault({})
      .describe('Paths of the endpoints, below `basePath`.'),
    redirectUri: httpsOrLoopbackUrlSchema.describe(
      'Page of the application to which the provider sends the browser after a login, exactly as it is registered there.',
    ),
    postLogoutRedirectUri: httpsOrLoopbackUrlSchema
      .optional()
      .describe(
        'Page of the application to which the provider sends the browser after a logout. Default: redirectUri.',
      ),
    trustedOrigins: z
      .array(webOriginSchema)
      .min(1)
      .readonly()
      .optional()
      .describe(
        'Origins whose pages may use the agent and the APIs behind it. Default: the origin that the request was sent to.',
      ),
    cors: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            'Answer preflights and add CORS headers for trusted origins: for an application on another origin than its APIs. Every request must then name its origin, GET as well.',
          ),
        allowMethods: z
          .array(methodSchema)
          .min(1)
          .readonly()
          .default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
          .describe('`Access-Control-Allow-Methods`.'),
        allowHeaders: z
          .array(headerNameSchema)
          .readonly()
          .default([])
          .describe('`Access-Control-Allow-Headers`. Empty: the headers that the preflight asks for.'),
        exposeHeaders: z
          .array(headerNameSchema)
          .readonly()
          .default([])
          .describe('`Access-Control-Expose-Headers`: headers of answers that the application may read.'),
        maxAge: durationSchema.prefault('86400s').describe('How long browsers may keep the answer to a preflight.'),
      })
      .prefault({})
      .describe('Cross-Origin Resource Sharing.'),
    cookie: z
      .strictObject({
        prefix: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected up to 32 lower-case letters, digits and hyphens')
          .default('example')
          .describe('Beginning of the names of the cookies (`<prefix>-at`) and of the header `x-<prefix>-csrf`.'),
        hostOnly: z
          .boolean()
          .optional()
          .describe(
            'Give the names the prefix `__Host-`, so that no other host can set them. All cookies have the path `/` then. Default: true with `state: store` where `domain`, `basePath` and `insecureHttp` are not set, else false.',
          ),
        domain: z
          .string()
          .regex(/^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/, 'expected a host name in lower case, such as api.example.com')
          .optional()
          .describe(
            '`Domain` of the cookies: hosts below it get them too. It must be the host, or above the host, of every origin that the rules of the instance are for. Without it: the host of the agent alone.',
          ),
        basePath: basePathSchema
          .optional()
          .describe(
            'Path of the cookies that only the agent needs: `basePath` of the instance, which is the default, or one above it. Another is right only where a proxy before Envoy changes paths.',
          ),
        insecureHttp: z
          .boolean()
          .default(false)
          .describe('For development over plain HTTP only: cookies without `Secure` and without the prefix `__Host-`.'),
      })
      .prefault({}),
    version1: z
      .strictObject({
        key: secretSchema.describe('64 hexadecimal digits: the key that the other programs have.'),
        write: z
          .boolean()
          .default(true)
          .describe('False: such cookies are only read, to take sessions over; new ones are written in our own form.'),
      })
      .optional()
      .describe(
        'With `sealed`: cookies in the form 0x01 of other OAuth agents, so that their gateways understand them. Without it: our own form.',
      ),
    absoluteLifetime: durationSchema
      .prefault('12h')
      .describe('A session ends this long after its login, whatever happens.'),
    idleLifetime: durationSchema
      .optional()
      .describe('With `store`: a session ends this long after its last request. Default: 1h.'),
    attemptLifetime: durationSchema.prefault('10m').describe('How long a user may take to log in.'),
    maxSessionsPerUser: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'With `store`: sessions that a user may have at one time; a login beyond that ends the oldest. Default: 100.',
      ),
    healCooldown: durationSchema
      .prefault('30s')
      .describe(
        'How long after tokens were replaced because an API had refused them, or because the application asked for it, they are not replaced for these reasons again.',
      ),
    phantomTokens: z
      .boolean()
      .default(false)
      .describe(
        'APIs get a JWT in place of an opaque access token: the introspection endpoint of the provider exchanges it (RFC 7662).',
      ),
  })
  .superRefine((settings, context) => {
    const refuse = (path: readonly (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const { state, cookie, version1, trustedOrigins, endpoints } = settings;
    // Null for a text that was refused for itself: zod goes on nevertheless.
    const page = URL.parse(settings.redirectUri);
    if (state === 'sealed') {
      if (settings.idleLifetime !== undefined) {
        refuse(['idleLifetime'], 'expected none with state: sealed: nothing notes when such a session was used');
      }
      if (settings.maxSessionsPerUser !== undefined) {
        refuse(
          ['maxSessionsPerUser'],
          'expected no limit with state: sealed: such sessions cannot be counted or ended',
        );
      }
    } else if (version1 !== undefined) {
      refuse(['version1'], 'expected state: sealed: with a store the cookies hold no tokens');
    }
    if (cookie.hostOnly === true) {
      if (cookie.domain !== undefined) refuse(['cookie', 'domain'], 'expected none with hostOnly: true');
      if (cookie.basePath !== undefined) refuse(['cookie', 'basePath'], 'expected none with hostOnly: true');
      if (cookie.insecureHttp) refuse(['cookie', 'hostOnly'], 'expected false with insecureHttp: true');
      if (version1 !== undefined) refuse(['cookie', 'hostOnly'], 'expected false with version1: its names are fixed');
    }
    if (trustedOrigins !== undefined && page !== null && !trustedOrigins.includes(page.origin)) {
      refuse(['redirectUri'], 'expected a page of one of trustedOrigins: the application could not finish a login');
    }
    if (page?.search) {
      refuse(['redirectUri'], 'expected no query: the answer of the provider has that place');
    } else if (page !== null && page.href !== settings.redirectUri) {
      // The token request says where the browser was, and the provider compares the two (RFC 6749 §4.1.3).
      refuse(['redirectUri'], `expected the URL as browsers write it, here and at the provider: ${page.href}`);
    }
    trustedOrigins?.forEach((text, index) => {
      const origin = URL.parse(text);
      if (!cookie.insecureHttp && origin !== null && !isSecure(origin)) {
        refuse(
          ['trustedOrigins', index],
          'expected https (http only on localhost, or with cookie.insecureHttp: true): whoever is on the way could write the page',
        );
      }
    });
    const paths = Object.values(endpoints);
    if (new Set(paths).size !== paths.length) refuse(['endpoints'], 'expected each path once');
  })
  .transform((settings) => ({
    ...settings,
    cookie: {
      ...settings.cookie,
      hostOnly: settings.cookie.hostOnly ?? hostOnlyByDefault(settings.state, settings.cookie),
    },
    idleLifetime: settings.idleLifetime ?? defaultIdleLifetime,
  }))
  .readonly();

export type OauthAgentSettings = z.output<typeof oauthAgentSettings>;

/** The names of sealed cookies are those that other OAuth agents have, and their paths keep tokens from the APIs. */
function hostOnlyByDefault(
  state: 'store' | 'sealed',
  {
    domain,
    basePath,
    insecureHttp,
  }: { domain?: string | undefined; basePath?: string | undefined; insecureHttp: boolean },
): boolean {
  return state === 'store' && domain === undefined && basePath === undefined && !insecureHttp;
}

function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || loopbackHosts.has(hostname);
}
