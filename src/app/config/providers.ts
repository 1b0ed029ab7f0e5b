import { parseClientKey } from '../../adapters/openid-client/client-key.ts';
import type {
  ClientCertificate,
  ClientKey,
  Protocol,
  ProviderOptions,
  SigningKey,
} from '../../adapters/openid-client/provider-options.ts';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';
import { certifies, problemsOfBundle, problemsOfPair } from './pem.ts';
import { readReferencedFile } from './read-referenced-file.ts';
import type { ProviderSettings } from './schema/provider.ts';

const maxPemBytes = 1_048_576;

/** How the text of a file that the configuration names is got; undefined when there is none to be had. */
type ReadFile = (path: string, place: ConfigPath) => Promise<string | undefined>;

/** The providers with the files that they name read and checked; `found` gets an error for each that will not do. */
export async function readProviders(
  providers: ReadonlyMap<string, ProviderSettings>,
  configFile: string,
  found: Finding[],
): Promise<ReadonlyMap<string, ProviderOptions>> {
  const read: ReadFile = (path, place) => readReferencedFile({ configFile, path, place }, maxPemBytes, found);
  const options = await allOptions(providers, read);
  for (const [name, provider] of options) found.push(...problemsOf(provider, ['providers', name]));
  return options;
}

/** The providers with nothing read: every file is empty. */
export async function unreadProviders(
  providers: ReadonlyMap<string, ProviderSettings>,
): Promise<ReadonlyMap<string, ProviderOptions>> {
  return await allOptions(providers, async () => undefined);
}

async function allOptions(
  providers: ReadonlyMap<string, ProviderSettings>,
  read: ReadFile,
): Promise<ReadonlyMap<string, ProviderOptions>> {
  const entries = [...providers].map(
    async ([name, settings]) => [name, await optionsOf(name, settings, read)] as const,
  );
  return new Map(await Promise.all(entries));
}

async function optionsOf(name: string, settings: ProviderSettings, read: ReadFile): Promise<ProviderOptions> {
  const path = ['providers', name];
  const { ca, clientKey, clientCertificate } = settings;
  const { protocol: _protocol, identity: _identity, ...rest } = settings;
  return {
    ...rest,
    name,
    label: settings.label ?? name,
    protocol: protocolOf(settings),
    scopes: settings.scopes ?? (settings.protocol === 'oidc' ? ['openid', 'profile', 'email'] : []),
    authorizationParameters: new Map(Object.entries(settings.authorizationParameters)),
    clientKey: clientKey && (await clientKeyOf(clientKey, [...path, 'clientKey'], read)),
    clientCertificate: clientCertificate && {
      certificate: (await read(clientCertificate.cert, [...path, 'clientCertificate', 'cert'])) ?? '',
      privateKey: clientCertificate.key,
    },
    ca: ca && ((await read(ca, [...path, 'ca'])) ?? ''),
    // By name: in the file they may be absent, here they are there and undefined.
    clientAuthentication: settings.clientAuthentication,
    clientSecret: settings.clientSecret,
    pushedAuthorization: settings.pushedAuthorization,
    requestObject: requestKeyOf(settings),
    metadata: settings.metadata,
    endpoints: settings.endpoints,
    backChannelUrl: settings.backChannelUrl,
    proxy: settings.proxy,
  };
}

/** The key of its own, or the one that also signs our assertions; what neither says of itself the key says. */
function requestKeyOf({ requestObject, clientKey }: ProviderSettings): SigningKey | undefined {
  if (requestObject === undefined) return undefined;
  const { key, id, algorithm } = requestObject;
  if (key !== undefined) return { key, id, algorithm };
  // Without either key the settings were refused.
  return clientKey && { key: clientKey.key, id: id ?? clientKey.id, algorithm: algorithm ?? clientKey.algorithm };
}

function protocolOf({ protocol, identity }: ProviderSettings): Protocol {
  if (protocol === 'oidc' || identity === undefined) return { kind: 'oidc' }; // oauth2 without identity was refused
  const { subject, claims, emailsUrl } = identity;
  return { kind: 'oauth2', identity: { subject, claims: new Map(Object.entries(claims)), emailsUrl } };
}

async function clientKeyOf(
  { key, id, algorithm, audience, certificate }: NonNullable<ProviderSettings['clientKey']>,
  path: ConfigPath,
  read: ReadFile,
): Promise<ClientKey> {
  return {
    key,
    id,
    algorithm,
    audience,
    certificate: certificate && ((await read(certificate, [...path, 'certificate'])) ?? ''),
  };
}

// A text that is empty could not be read, and that has an error of its own.

function problemsOf(options: ProviderOptions, path: ConfigPath): readonly Finding[] {
  const { ca, clientCertificate, clientKey } = options;
  return [
    ...(ca === undefined || ca === '' ? [] : problemsOfBundle(ca, [...path, 'ca'])),
    ...problemsOfCertificate(clientCertificate, [...path, 'clientCertificate']),
    ...problemsOfKey(clientKey, [...path, 'clientKey']),
    ...problemsOfRequestKey(options, [...path, 'requestObject']),
  ];
}

function problemsOfCertificate(pair: ClientCertificate | undefined, path: ConfigPath): readonly Finding[] {
  const privateKey = pair?.privateKey.reveal() ?? '';
  if (pair === undefined || pair.certificate === '' || privateKey === '') return [];
  return problemsOfPair(pair.certificate, privateKey, {
    certificate: [...path, 'cert'],
    privateKey: [...path, 'key'],
  });
}

function problemsOfKey(clientKey: ClientKey | undefined, path: ConfigPath): readonly Finding[] {
  const text = clientKey?.key.reveal() ?? '';
  if (clientKey === undefined || text === '') return [];
  const parsed = parseClientKey(text, clientKey.algorithm);
  if (parsed.kind === 'invalid') return [errorAt([...path, 'key'], parsed.problem)];
  const { certificate } = clientKey;
  if (certificate === undefined || certificate === '') return [];
  const place = [...path, 'certificate'];
  const isCertified = certifies(certificate, parsed.key);
  if (isCertified === undefined) return [errorAt(place, 'expected a PEM certificate')];
  return isCertified ? [] : [errorAt(place, 'the certificate does not belong to the key')];
}

function problemsOfRequestKey({ requestObject, clientKey }: ProviderOptions, path: ConfigPath): readonly Finding[] {
  const text = requestObject?.key.reveal() ?? '';
  if (requestObject === undefined || text === '') return [];
  const isShared = requestObject.key === clientKey?.key;
  // What is wrong with a shared key is said where it stands.
  if (isShared && requestObject.algorithm === clientKey?.algorithm) return [];
  const parsed = parseClientKey(text, requestObject.algorithm);
  return parsed.kind === 'invalid' ? [errorAt([...path, isShared ? 'algorithm' : 'key'], parsed.problem)] : [];
}
