import { type ConfigPath, errorAt, type Finding } from '../finding.ts';
import type { ProviderSettings } from '../schema/provider.ts';

/** Refuses settings that do not go with the protocol, and asks for those that it cannot be without. */
export function checkProtocol(settings: ProviderSettings, path: ConfigPath): readonly Finding[] {
  const findings = settings.protocol === 'oidc' ? checkOidc(settings, path) : checkOAuth2(settings, path);
  return [...findings, ...checkPushing(settings, path)];
}

function checkOidc({ scopes, identity, metadata }: ProviderSettings, path: ConfigPath): readonly Finding[] {
  const findings: Finding[] = [];
  if (scopes !== undefined && !scopes.includes('openid')) {
    findings.push(errorAt([...path, 'scopes'], 'expected openid among the scopes', 'add openid'));
  }
  if (identity !== undefined) {
    const problem = 'identity is for protocol oauth2; an OpenID provider says in its ID token who the user is';
    findings.push(errorAt([...path, 'identity'], problem, 'remove it, or set protocol: oauth2'));
  }
  if (metadata !== undefined && metadata.jwks_uri === undefined) {
    const problem = 'a required setting is missing: jwks_uri, where the keys of ID tokens are';
    findings.push(errorAt([...path, 'metadata'], problem, 'add jwks_uri'));
  }
  return findings;
}

function checkOAuth2({ identity, metadata }: ProviderSettings, path: ConfigPath): readonly Finding[] {
  const findings: Finding[] = [];
  if (identity === undefined) {
    const problem = 'a required setting is missing with protocol oauth2: which member of userinfo names the user';
    findings.push(errorAt([...path, 'identity'], problem, 'write identity: {subject: id}'));
  }
  if (metadata === undefined) {
    const problem = 'a required setting is missing with protocol oauth2, which has no discovery';
    const suggestion = 'write metadata: {authorization_endpoint: …, token_endpoint: …, userinfo_endpoint: …}';
    findings.push(errorAt([...path, 'metadata'], problem, suggestion));
  } else if (metadata.userinfo_endpoint === undefined) {
    const problem = 'a required setting is missing with protocol oauth2: userinfo_endpoint, which says who the user is';
    findings.push(errorAt([...path, 'metadata'], problem, 'add userinfo_endpoint'));
  }
  if (identity !== undefined && Object.hasOwn(identity.claims, 'sub')) {
    const problem = 'sub is the subject, which has a setting of its own';
    findings.push(errorAt([...path, 'identity', 'claims', 'sub'], problem, 'write identity.subject'));
  }
  return findings;
}

function checkPushing({ metadata, pushedAuthorization }: ProviderSettings, path: ConfigPath): readonly Finding[] {
  if (metadata === undefined || metadata.pushed_authorization_request_endpoint !== undefined) return [];
  const isPushed = pushedAuthorization ?? metadata.require_pushed_authorization_requests === true;
  if (!isPushed) return [];
  const problem = 'a required setting is missing: pushed_authorization_request_endpoint, where requests are pushed';
  return [errorAt([...path, 'metadata'], problem, 'add pushed_authorization_request_endpoint')];
}
