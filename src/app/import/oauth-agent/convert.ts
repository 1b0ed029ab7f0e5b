import { problemOfSharedKey } from '../../../adapters/node-crypto/shared-key.ts';
import { type Comment, type Findings, fail, noFindings, type Remark } from '../findings.ts';
import type { Problem } from '../problem.ts';
import { agentOf, trustedOriginsOf } from './agent.ts';
import { listenersOf } from './listeners.ts';
import { originsOf } from './origins.ts';
import { providerOf } from './provider.ts';
import { type Environment, misspelled, required, settingsIn } from './settings.ts';
import type { VariableName } from './variables.ts';

/** What an environment of the original becomes. */
export type Conversion =
  | {
      readonly kind: 'done';
      /** As sallyport.yaml has it, but for `keys`; secrets by reference to their variables. */
      readonly document: Readonly<Record<string, unknown>>;
      readonly comments: readonly Comment[];
      readonly remarks: readonly Remark[];
      /** The variable that says where browsers reach the APIs. */
      readonly originsFrom: VariableName;
    }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/** The configuration for an environment of the original OAuth agent, never less protected, and without any secret. */
export function convert(environment: Environment): Conversion {
  const found = noFindings();
  const settings = settingsIn(environment);
  const need = (name: VariableName, what: string) => required(settings, name, what, environment, found);
  for (const [name, meant] of misspelled(environment)) {
    if (!settings.has(meant))
      found.remarks.push({
        kind: 'decide',
        options: [name],
        text: `the OAuth agent knows no such variable: did you mean ${meant}?`,
      });
  }
  const issuer = need('ISSUER', 'who logs users in');
  const clientId = need('CLIENT_ID', 'our client id at the provider');
  need('CLIENT_SECRET', 'our secret at the provider');
  const redirectUri = need('REDIRECT_URI', 'the page of the application that logins end in');
  const key = need('COOKIE_ENCRYPTION_KEY', 'the key of the cookies, 64 hexadecimal digits');
  if (key !== undefined) checkKey(key, found);
  const trustedOrigins = trustedOriginsOf(settings, redirectUri, found);
  const sites =
    redirectUri === undefined && trustedOrigins.length === 0 ? undefined : originsOf(settings, trustedOrigins, found);
  const listen = listenersOf(settings, found);
  const provider = issuer && clientId && providerOf(settings, { issuer, clientId }, found);
  const agent = redirectUri && sites && agentOf(settings, redirectUri, { trustedOrigins, sites }, found);
  if (!sites || !provider || !agent || found.problems.length > 0) {
    return { kind: 'failed', problems: found.problems };
  }
  const document = {
    origins: sites.origins,
    listen,
    store: { type: 'memory' },
    providers: { login: provider },
    modes: { agent },
    rules: [{ use: 'agent' }],
  };
  const comments = [{ path: ['store'], text: 'Not asked: sessions are in cookies of the browser, as before.' }];
  return {
    kind: 'done',
    document,
    comments: [...comments, ...found.comments],
    remarks: found.remarks,
    originsFrom: sites.variable,
  };
}

function checkKey(key: string, found: Findings): void {
  const problem = problemOfSharedKey(key);
  if (problem !== undefined) {
    const suggestion = 'make one: openssl rand -hex 32; give it to the gateways as well, and users log in once more';
    fail(found, 'COOKIE_ENCRYPTION_KEY', problem, suggestion);
  }
}
