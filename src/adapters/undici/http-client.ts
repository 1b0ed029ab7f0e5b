import type { Dispatcher } from 'undici';
import type { Secret } from '../../core/secret.ts';
import type { Seconds } from '../../core/time.ts';
import type { HttpClient, OutboundRequest } from '../../ports/http-client.ts';
import { startDeadline } from './deadline.ts';
import { readAtMost } from './read-at-most.ts';
import { watchSending } from './sending.ts';

/** How one provider is reached, and what bounds every request to it. */
export interface HttpClientOptions {
  /** Until the request is sent (a free connection, TLS, the proxy), and then anew for the answer with its body. */
  readonly timeout: Seconds;
  /** Largest response body that is read, after decompression. */
  readonly maxBytes: number;
  readonly allowHttp: boolean;
  /** Takes the place of `from` at the start of each URL: split horizons, and the embedded issuer. */
  readonly reroute: { readonly from: string; readonly to: string } | undefined;
  /** PEM: the authorities that are believed, in place of the system's. */
  readonly ca: string | undefined;
  /** PEM: what we show to servers that ask for a certificate. */
  readonly clientCertificate: { readonly certificate: string; readonly privateKey: Secret<string> } | undefined;
  /** `http(s)://host:port`: https goes through it by CONNECT, plain http by absolute targets. */
  readonly proxy: string | undefined;
}

type Undici = typeof import('undici');

interface Connections {
  readonly fetch: Undici['fetch'];
  readonly dispatcher: Dispatcher;
}

/** A client with connections of its own, opened when first needed. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  let opened: Promise<Connections> | undefined;
  let isClosed = false;
  return {
    async fetch(url, request) {
      if (isClosed) throw new Error('the configuration that this request belongs to was replaced');
      const target = targetOf(url, options);
      opened ??= connectionsOf(options);
      const connections = await opened;
      const deadline = startDeadline(options.timeout, longer(options.timeout, request.answerTimeout));
      const signal =
        request.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, request.signal]);
      const { fetch, dispatcher } = connections;
      const sending = watchSending(dispatcher, deadline);
      const watched = { fetch, dispatcher: sending.dispatcher };
      const exchanged = exchange(target, { ...request, signal }, watched, options.maxBytes);
      try {
        return await unlessAborted(exchanged, signal);
      } catch (error) {
        throw sending.failureOf(error);
      } finally {
        deadline.end();
      }
    },
    close() {
      isClosed = true;
      void opened?.then(({ dispatcher }) => dispatcher.close());
    },
  };
}

// Imported when it is needed: it takes a tenth of a second to load, and nobody should wait for it at the start.
async function connectionsOf({ ca, clientCertificate, proxy }: HttpClientOptions): Promise<Connections> {
  const { Agent, ProxyAgent, fetch } = await import('undici');
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certificate, key: clientCertificate.privateKey.reveal() }),
  };
  const limits = { allowH2: false, connections: 64 };
  const dispatcher =
    proxy === undefined
      ? new Agent({ ...limits, connect: tls })
      : // Our certificate is for the provider, not for the proxy.
        new ProxyAgent({ ...limits, uri: proxy, requestTls: tls, proxyTls: ca === undefined ? {} : { ca } });
  return { fetch, dispatcher };
}

function longer(timeout: Seconds, other: Seconds | undefined): Seconds {
  return other === undefined || other < timeout ? timeout : other;
}

/** Where the request really goes. Throws where it must not go. */
function targetOf(url: string, { allowHttp, reroute }: HttpClientOptions): string {
  // What takes the origin's place was named by the operator, whose word is enough for its scheme.
  if (reroute !== undefined && url.startsWith(`${reroute.from}/`)) return reroute.to + url.slice(reroute.from.length);
  const { protocol, origin } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && allowHttp)) return url;
  throw new Error(`${origin} is not https, and allowHttp is not set`);
}

async function exchange(
  target: string,
  request: OutboundRequest & { readonly signal: AbortSignal },
  { fetch, dispatcher }: Connections,
  maxBytes: number,
): Promise<Response> {
  const response = await fetch(target, {
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    redirect: 'manual',
    signal: request.signal,
    dispatcher,
  });
  const body = await readAtMost(response.body ?? [], maxBytes);
  const headers = new Headers([...response.headers]);
  // They describe the body as it travelled, not as it was read.
  headers.delete('content-encoding');
  headers.delete('content-length');
  const mayHaveBody = response.status >= 200 && ![204, 205, 304].includes(response.status);
  return new Response(mayHaveBody ? body : null, { status: response.status, statusText: response.statusText, headers });
}

/** Rejects as soon as the signal does, whatever the library is waiting for: a proxy that says nothing, for one. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
