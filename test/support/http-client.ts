import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { type CookieJar, cookieJar } from './cookie-jar.ts';

export interface HttpAnswer {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
  /** The first value of a header by lower-case name. */
  header(name: string): string | undefined;
  values(name: string): readonly string[];
  /** Parses the body; what it is is the caller's claim. */
  json<T = Record<string, unknown>>(): T;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | URLSearchParams;
  readonly timeoutMs?: number;
}

/** A browser without pages: cookies, and headers as a browser sends them for what it does. Follows no redirect. */
export interface HttpClient {
  readonly jar: CookieJar;
  request(method: string, url: string | URL, options?: RequestOptions): Promise<HttpAnswer>;
  /** A top-level navigation, as by a click or the address bar. */
  navigate(url: string | URL, options?: RequestOptions): Promise<HttpAnswer>;
  /** As a page's `fetch()` to its own origin. */
  fetch(url: string | URL, options?: RequestOptions & { readonly method?: string }): Promise<HttpAnswer>;
  /** A form of a page at `url.origin`, sent by its button. */
  submit(url: string | URL, fields: URLSearchParams, options?: RequestOptions): Promise<HttpAnswer>;
}

const navigationHeaders = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'upgrade-insecure-requests': '1',
};

export function httpClient(jar: CookieJar = cookieJar()): HttpClient {
  async function request(method: string, to: string | URL, options: RequestOptions = {}): Promise<HttpAnswer> {
    const url = new URL(to);
    const cookie = jar.headerFor(url);
    const answer = await send(method, url, {
      ...options,
      headers: { ...(cookie === undefined ? {} : { cookie }), ...options.headers },
    });
    jar.take(url, answer.values('set-cookie'));
    return answer;
  }
  return {
    jar,
    request,
    navigate: (url, options = {}) =>
      request('GET', url, {
        ...options,
        headers: { ...navigationHeaders, 'sec-fetch-site': 'none', 'sec-fetch-user': '?1', ...options.headers },
      }),
    fetch: (url, { method = 'GET', ...options } = {}) =>
      request(method, url, {
        ...options,
        headers: {
          accept: '*/*',
          'sec-fetch-mode': 'cors',
          'sec-fetch-dest': 'empty',
          'sec-fetch-site': 'same-origin',
          ...options.headers,
        },
      }),
    submit: (url, fields, options = {}) =>
      request('POST', url, {
        ...options,
        body: fields,
        headers: {
          ...navigationHeaders,
          'sec-fetch-site': 'same-origin',
          origin: new URL(url).origin,
          ...options.headers,
        },
      }),
  };
}

function send(method: string, url: URL, { headers, body, timeoutMs = 10_000 }: RequestOptions): Promise<HttpAnswer> {
  const payload = body === undefined ? undefined : Buffer.from(body.toString());
  const form = body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const length = payload === undefined ? {} : { 'content-length': payload.length };
  const all: OutgoingHttpHeaders = { host: url.host, ...form, ...length, ...(headers as OutgoingHttpHeaders) }; // theirs are not readonly
  return new Promise((resolve, reject) => {
    // Every name of a test is this machine; loopback is IPv4 here.
    const target = { host: '127.0.0.1', port: url.port === '' ? 80 : url.port, path: `${url.pathname}${url.search}` };
    const outgoing = httpRequest({ ...target, method, headers: all, agent: false, timeout: timeoutMs }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const values = (name: string) => incoming.headersDistinct[name] ?? [];
        resolve({
          url,
          status: incoming.statusCode ?? 0,
          text,
          header: (name) => values(name)[0],
          values,
          json: () => JSON.parse(text),
        });
      });
    });
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`no answer within ${timeoutMs} ms: ${method} ${url.pathname}`)),
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
