import type { HttpClient } from '../../ports/http-client.ts';
import { jsonObjectOf } from './json-object.ts';

/** Asks the token endpoint of such a server; see below. */
export function plainFetch(http: HttpClient): HttpClient['fetch'] {
  return async (url, request) => plainTokenResponse(await http.fetch(url, request));
}

/**
 * A token response of a server that is older than RFC 6749 or careless with it, as the RFC would have it: GitHub
 * answers 200 to what it refuses, separates scopes by commas, and writes a form for who asks for nothing else. Any
 * other response stays as it is.
 */
async function plainTokenResponse(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const text = await response.text();
  const body = isForm(response) ? formOf(text) : jsonObjectOf(text);
  if (body === undefined) return new Response(text, response);
  // RFC 6749 §5.2: an error is a 400
  if (typeof body['error'] === 'string') return Response.json(body, { status: 400 });
  // Nobody asked for an ID token, so nobody could validate it.
  const { id_token: _, ...rest } = body;
  const { scope } = rest;
  const plain = typeof scope === 'string' ? { ...rest, scope: scope.replaceAll(/,\s*/g, ' ') } : rest;
  return Response.json(plain);
}

/** GitHub's own format, and that of servers that do not look at `Accept`. */
function isForm(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
}

function formOf(text: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(new URLSearchParams(text));
}
