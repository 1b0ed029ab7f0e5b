import {
  buildAuthorizationUrl,
  buildAuthorizationUrlWithJAR,
  buildAuthorizationUrlWithPAR,
  modifyAssertion,
} from 'openid-client';
import type { AuthorizationRequest } from '../../ports/authorization-server.ts';
import type { Discovered } from './discovery.ts';
import { jsonObjectOf } from './json-object.ts';
import { pushesRequests } from './metadata.ts';
import type { ProviderOptions } from './provider-options.ts';
import { parametersOf } from './request-parameters.ts';

/**
 * Where the browser goes to log in: with the parameters, a signed request object in place of them (RFC 9101), or a
 * reference to either, which was pushed (RFC 9126). Throws what the library throws when the pushing fails.
 */
export async function authorizationUrlOf(
  request: AuthorizationRequest,
  { configuration, metadata, requestKey }: Discovered,
  options: ProviderOptions,
): Promise<string> {
  const parameters = parametersOf(request, options);
  const isPushed = pushesRequests(metadata, options);
  if (requestKey === undefined) {
    const build = isPushed ? buildAuthorizationUrlWithPAR : buildAuthorizationUrl;
    return (await build(configuration, parameters)).href;
  }
  const { texts, values } = membersOf(parameters);
  const signed = await buildAuthorizationUrlWithJAR(configuration, texts, requestKey.privateKey, {
    [modifyAssertion](header, payload) {
      header['alg'] = requestKey.algorithm;
      Object.assign(payload, values);
    },
  });
  if (!isPushed) return signed.href;
  // RFC 9126 §3: beside the request object nothing but our authentication
  const object = signed.searchParams.get('request') ?? '';
  return (await buildAuthorizationUrlWithPAR(configuration, { request: object })).href;
}

/**
 * Parameters as members of a request object: most are texts, a few are JSON (RFC 9101 §4). What an application writes
 * there and is none goes as a text, for the provider to refuse; the library would throw.
 */
function membersOf(parameters: Readonly<Record<string, string>>) {
  const { max_age: maxAge, claims, authorization_details: details, ...texts } = parameters;
  return {
    texts,
    values: {
      ...(maxAge === undefined ? {} : { max_age: /^\d{1,9}$/.test(maxAge) ? Number(maxAge) : maxAge }),
      ...(claims === undefined ? {} : { claims: jsonObjectOf(claims) ?? claims }),
      ...(details === undefined ? {} : { authorization_details: jsonListOf(details) ?? details }),
    },
  };
}

function jsonListOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
