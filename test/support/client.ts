import { request as httpRequest } from 'node:http';
import { navigation } from './browser-headers.ts';
import { noteSecret } from './seen-secrets.ts';

/** An HTTP answer that nobody followed or decoded. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The first value of a header by lower-case name. */
  header(name: string): string | undefined;
  /** All values, one for each line that came. */
  values(name: string): readonly string[];
}

export interface ClientRequest {
  readonly method?: string;
  /** As they should arrive; a list becomes one line for each value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** A browser without pages: a cookie jar for each origin, and requests that follow nothing by themselves. */
export interface TestClient {
  send(url: string, request?: ClientRequest): Promise<Answer>;
  /** As {@link TestClient.send}, with the headers of a navigation. */
  open(url: string, request?: ClientRequest): Promise<Answer>;
  /** Opens a URL and follows redirects, over origins, to the first answer that is none. */
  follow(url: string, request?: ClientRequest): Promise<Answer & { readonly url: string }>;
  /** Cookies kept for an origin, by name. */
  cookies(origin: string): ReadonlyMap<string, string>;
  /** The Cookie header that would be sent to an origin. */
  cookieHeader(origin: string): string;
  setCookie(origin: string, name: string, value: string): void;
}

export function createClient(): TestClient {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (origin: string) => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  const cookieHeader = (origin: string) => [...jarOf(origin)].map(([name, value]) => `${name}=${value}`).join('; ');

  const send = async (url: string, request: ClientRequest = {}): Promise<Answer> => {
    const { origin } = new URL(url);
    const cookie = cookieHeader(origin);
    const headers = { ...(cookie === '' ? {} : { cookie }), ...request.headers };
    const answer = await exchange(url, { ...request, headers });
    for (const line of answer.values('set-cookie')) keep(jarOf(origin), line);
    return answer;
  };
  const open = (url: string, request: ClientRequest = {}) =>
    send(url, { ...request, headers: { ...navigation, ...request.headers } });

  return {
    send,
    open,
    async follow(url, request = {}) {
      let at = url;
      let answer = await open(at, request);
      for (let hops = 0; hops < 20; hops += 1) {
        const location = answer.header('location');
        if (answer.status < 300 || answer.status > 399 || location === undefined) return { ...answer, url: at };
        at = new URL(location, at).href;
        answer = await open(at);
      }
      throw new Error(`twenty redirects, the last to ${at}`);
    },
    cookies: (origin) => jarOf(origin),
    cookieHeader,
    setCookie: (origin, name, value) => void jarOf(origin).set(name, value),
  };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals);
  // The cookies of an interaction at our issuer are the id in its URL, which is no secret by itself.
  if (!/-(?:interaction|resume)$/.test(name)) noteSecret(pair.slice(equals + 1));
  if (attributes.some((attribute) => /^max-age=0$/i.test(attribute) || /^expires=Thu, 01 Jan 1970/i.test(attribute)))
    jar.delete(name);
  else jar.set(name, pair.slice(equals + 1));
}

function exchange(url: string, request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname, search } = new URL(url);
    const outgoing = httpRequest(
      {
        hostname,
        port,
        path: `${pathname}${search}`,
        method: request.method ?? 'GET',
        headers: headersOf(request),
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const values = (name: string) =>
            response.rawHeaders.flatMap((each, index, all) =>
              index % 2 === 0 && each.toLowerCase() === name ? [all[index + 1] ?? ''] : [],
            );
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            header: (name) => values(name)[0],
            values,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

/** node:http wants lists of its own to change. */
function headersOf(request: ClientRequest): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  );
}
