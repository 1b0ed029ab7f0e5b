import { jsonObjectOf } from './json-object.ts';

/**
 * A token response of a server that is older than RFC 6749 or careless with it, as the RFC would have it: GitHub
 * answers 200 to what it refuses, and separates scopes by commas. Any other response stays as it is.
 */
export async function plainTokenResponse(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const text = await response.text();
  const body = jsonObjectOf(text);
  if (body === undefined) return new Response(text, response);
  // RFC 6749 §5.2: an error is a 400
  if (typeof body['error'] === 'string') return new Response(text, { status: 400, headers: response.headers });
  // Nobody asked for an ID token, so nobody could validate it.
  const { id_token: _, ...rest } = body;
  const { scope } = rest;
  const plain = typeof scope === 'string' ? { ...rest, scope: scope.replaceAll(/,\s*/g, ' ') } : rest;
  return new Response(JSON.stringify(plain), response);
}
