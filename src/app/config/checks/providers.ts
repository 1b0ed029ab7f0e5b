import { isIP } from 'node:net';
import { isOurParameter } from '../../../adapters/openid-client/request-parameters.ts';
import { type ConfigPath, errorAt, type Finding, warningAt } from '../finding.ts';
import type { ProviderSettings } from '../schema/provider.ts';
import type { Sections } from '../sections.ts';
import { checkClientAuthentication } from './client-authentication.ts';
import { checkProtocol } from './provider-protocol.ts';

/** Refuses providers whose settings contradict each other, and plain HTTP where nobody allowed it. */
export function checkProviders({ providers }: Sections): readonly Finding[] {
  return [...providers].flatMap(([name, settings]) => {
    const path = ['providers', name];
    return [
      ...checkHttp(settings, path),
      ...checkProtocol(settings, path),
      ...checkClientAuthentication(settings, path),
      ...checkRequestObject(settings, path),
      ...checkEndpoints(settings, path),
      ...checkParameters(settings, path),
    ];
  });
}

function checkHttp(settings: ProviderSettings, path: ConfigPath): readonly Finding[] {
  if (settings.allowHttp) return isLoopback(settings.issuer) ? [] : [openNetwork(path)];
  const suggestion = 'use https; for development only, set allowHttp: true';
  return urlsOf(settings).flatMap(([place, url]) =>
    new URL(url).protocol === 'http:'
      ? [errorAt([...path, ...place], 'expected an https URL; found http', suggestion)]
      : [],
  );
}

function openNetwork(path: ConfigPath): Finding {
  const problem =
    'plain HTTP is allowed to a provider that is not on this machine: tokens and our credentials may cross the network in the clear';
  return warningAt([...path, 'allowHttp'], problem, 'use https and remove allowHttp');
}

/** Every URL that a browser or a secret may be sent to. */
function urlsOf(settings: ProviderSettings): readonly (readonly [place: ConfigPath, url: string])[] {
  const { issuer, backChannelUrl, endpointOrigins, metadata = {}, endpoints = {}, identity } = settings;
  const emailsUrl = identity?.emailsUrl;
  return [
    [['issuer'], issuer],
    ...(backChannelUrl === undefined ? [] : [[['backChannelUrl'], backChannelUrl] as const]),
    ...endpointOrigins.map((origin, index) => [['endpointOrigins', index], origin] as const),
    ...endpointsIn('metadata', metadata),
    ...endpointsIn('endpoints', endpoints),
    ...(emailsUrl === undefined ? [] : [[['identity', 'emailsUrl'], emailsUrl] as const]),
  ];
}

function endpointsIn(section: string, members: object): readonly (readonly [place: ConfigPath, url: string])[] {
  return Object.entries(members).flatMap(([name, value]) =>
    /_(?:endpoint|uri)$/.test(name) && typeof value === 'string' ? [[[section, name], value] as const] : [],
  );
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  const isAddress = isIP(hostname) === 4 && hostname.startsWith('127.');
  return isAddress || hostname === '[::1]' || hostname === 'localhost' || hostname.endsWith('.localhost');
}

function checkRequestObject({ requestObject, clientKey }: ProviderSettings, path: ConfigPath): readonly Finding[] {
  if (requestObject === undefined || requestObject.key !== undefined || clientKey !== undefined) return [];
  const problem = 'signed requests need a private key: one of their own, or that of clientKey';
  return [errorAt([...path, 'requestObject'], problem, 'add requestObject.key or clientKey')];
}

function checkEndpoints({ endpoints, metadata }: ProviderSettings, path: ConfigPath): readonly Finding[] {
  if (endpoints === undefined || metadata === undefined) return [];
  const problem = 'endpoints replaces what discovery finds, and with metadata there is no discovery';
  return [errorAt([...path, 'endpoints'], problem, 'write them in metadata')];
}

const parameterHints: ReadonlyMap<string, string> = new Map([
  ['scope', 'write scopes'],
  ['response_mode', 'write responseMode'],
  ['client_id', 'write clientId'],
]);

function checkParameters({ authorizationParameters }: ProviderSettings, path: ConfigPath): readonly Finding[] {
  return Object.keys(authorizationParameters).flatMap((name) => {
    const place = [...path, 'authorizationParameters', name];
    if (!/^[A-Za-z0-9._:-]+$/.test(name)) return [errorAt(place, 'expected the name of a parameter')];
    if (!isOurParameter(name)) return [];
    return [errorAt(place, 'Sallyport sets this parameter itself', parameterHints.get(name) ?? 'remove it')];
  });
}
