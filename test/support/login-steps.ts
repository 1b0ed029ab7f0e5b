import { navigation } from './browser-headers.ts';
import type { TestClient } from './client.ts';
import { type RawAnswer, rawGet, sendRaw } from './raw-http.ts';
import { noteSecret } from './seen-secrets.ts';

/** A navigation's headers as lines, for {@link rawGet}. */
export const navigationLines: readonly string[] = Object.entries(navigation).map(
  ([name, value]) => `${name}: ${value}`,
);

/**
 * Opens `url` and follows redirects, over origins, up to the first that leads to a URL beginning with `prefix`.
 * Returns that URL, which was not opened. Throws when an answer is no redirect.
 */
export async function followUpTo(client: TestClient, prefix: string, url: string): Promise<string> {
  let at = url;
  for (let hops = 0; hops < 20; hops += 1) {
    if (at.startsWith(prefix)) return at;
    const answer = await client.open(at);
    const location = answer.header('location');
    if (location === undefined) throw new Error(`no redirect at ${at}: ${answer.status} ${answer.body.slice(0, 300)}`);
    at = new URL(location, at).href;
  }
  throw new Error(`twenty redirects, the last to ${at}`);
}

/** Begins a login at `path` and answers the provider; returns the callback URL, which was not opened. */
export function callbackUrlOf(client: TestClient, origin: string, path: string, basePath = '/_auth'): Promise<string> {
  return followUpTo(client, `${origin}${basePath}/callback`, `${origin}${path}`);
}

/** Logs in from `path` and returns the Location of the callback's answer, byte for byte. */
export async function landingOf(client: TestClient, origin: string, path: string): Promise<string | undefined> {
  const answer = await client.open(await callbackUrlOf(client, origin, path));
  return answer.header('location');
}

/** A navigation whose target goes out exactly as it is written. */
export function openRaw(port: number, target: string, lines: readonly string[] = []): Promise<RawAnswer> {
  return sendRaw(port, rawGet(target, `127.0.0.1:${port}`, [...navigationLines, ...lines]));
}

/** Puts the cookies that a raw answer set into a client's jar. */
export function keepCookies(client: TestClient, origin: string, answer: RawAnswer): void {
  for (const line of answer.values('set-cookie')) {
    const [pair = ''] = line.split(';');
    const equals = pair.indexOf('=');
    noteSecret(pair.slice(equals + 1));
    client.setCookie(origin, pair.slice(0, equals), pair.slice(equals + 1));
  }
}
