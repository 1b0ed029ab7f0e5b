import { request as httpRequest } from 'node:http';
import type { CustomFetch } from 'openid-client';
import { type IssuerWorld, origin } from './issuer-world.ts';

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly setCookies: readonly string[];
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends one request for a URL of the issuer's origin to a replica, as Envoy would. */
export function send(
  world: IssuerWorld,
  url: string,
  { method = 'GET', headers = {}, body }: Sent = {},
): Promise<Answer> {
  const { host, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port: world.nextPort(), method, path: pathname + search, headers: { host, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => void chunks.push(chunk));
        incoming.on('end', () => {
          resolve({
            status: incoming.statusCode ?? 0,
            headers: new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
            setCookies: incoming.headers['set-cookie'] ?? [],
            body: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The same for openid-client: the back channel, with the listener's own address as host. */
export function backChannel(world: IssuerWorld): CustomFetch {
  return (input, { body, ...options }) => {
    const { pathname, search } = new URL(input);
    const target = `http://127.0.0.1:${world.nextPort()}${pathname}${search}`;
    return fetch(target, body === undefined ? options : { ...options, body });
  };
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A browser at the issuer: cookies by path, redirects on the issuer's origin followed, the rest handed back. */
export class Browser {
  readonly #world: IssuerWorld;
  #cookies: readonly Cookie[] = [];

  constructor(world: IssuerWorld) {
    this.#world = world;
  }

  get cookieNames(): readonly string[] {
    return this.#cookies.map((cookie) => cookie.name);
  }

  /** Opens a URL and follows redirects until a page, or until one leads away: then `url` is where it leads. */
  async open(url: string, sent: Sent = {}): Promise<Answer & { readonly url: string }> {
    const answer = await send(this.#world, url, { ...sent, headers: { ...this.#headersFor(url), ...sent.headers } });
    for (const line of answer.setCookies) this.#keep(line);
    const location = answer.headers.get('location');
    if (location === undefined) return { ...answer, url };
    const next = new URL(location, url);
    if (next.origin !== origin) return { ...answer, url: next.href };
    return this.open(next.href);
  }

  /** Submits a form of the page at `url`. */
  submit(url: string, fields: Readonly<Record<string, string>>): Promise<Answer & { readonly url: string }> {
    return this.open(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(fields).toString(),
    });
  }

  #headersFor(url: string): Record<string, string> {
    const { pathname } = new URL(url);
    const cookies = this.#cookies.filter(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    return cookies.length === 0
      ? { accept }
      : { accept, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    const path = attributes.find((attribute) => attribute.startsWith('path='))?.slice('path='.length) ?? '/';
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
    if (value !== '') this.#cookies = [...this.#cookies, { name, value, path }];
  }
}
