import { type Configuration, type CustomFetch, customFetch, type JWKS, setJwksCache } from 'openid-client';
import type { EpochSeconds } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HttpClient } from '../../ports/http-client.ts';

/** A key that left the provider's set is believed this much longer. */
const longestAge = 300;
/** Fetches for keys that we do not have: so many at once, and then one in so many seconds. */
const burst = 5;
const secondsPerFetch = 10;

/**
 * The provider's keys. The library asks for them again when it meets a kid that it does not know, but only a minute
 * after the last time: too late for a key that was made just before it signed. Here it may ask at once, and whoever
 * makes up kids gets no more than the burst.
 */
export interface KeySet {
  /** Gives a new configuration the keys that we have, and answers its requests for keys from now on. */
  serve(configuration: Configuration): void;
}

interface Published {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

interface Known {
  readonly published: Published;
  readonly jwks: JWKS;
  readonly at: EpochSeconds;
}

export function createKeySet(jwksUri: string | undefined, http: HttpClient, clock: Clock): KeySet {
  let known: Known | undefined;
  let running: Promise<Published> | undefined;
  let left = burst;
  let countedAt = clock.now();

  const fresh = () => (known !== undefined && clock.now() - known.at < longestAge ? known : undefined);

  /** Takes one of the fetches that are left. */
  function mayFetch(): boolean {
    const earned = Math.floor((clock.now() - countedAt) / secondsPerFetch);
    if (earned > 0) {
      left = Math.min(burst, left + earned);
      countedAt = clock.now();
    }
    if (left === 0) return false;
    left -= 1;
    return true;
  }

  async function load(url: string, headers: Record<string, string>): Promise<Published> {
    try {
      const response = await http.fetch(url, { method: 'GET', headers });
      const contentType = response.headers.get('content-type') ?? '';
      const published = { status: response.status, contentType, text: await response.text() };
      const jwks = published.status === 200 ? jwksOf(published.text) : undefined;
      if (jwks !== undefined) known = { published, jwks, at: clock.now() };
      return published;
    } finally {
      running = undefined;
    }
  }

  /** For one configuration: requests for keys are answered here, all others by the provider. */
  function fetchAfter(first: Known | undefined): CustomFetch {
    let seen = first;
    return async (url, options) => {
      if (url !== jwksUri) return await http.fetch(url, options);
      const current = fresh();
      if (running === undefined && current !== undefined) {
        // It may have none yet, or those of before; but if it has these and asks, it met a kid that is not among them.
        const isNews = current !== seen;
        seen = current;
        if (isNews || !mayFetch()) return responseOf(current.published);
      }
      running ??= load(url, options.headers);
      return responseOf(await running);
    };
  }

  return {
    serve(configuration) {
      const current = fresh();
      configuration[customFetch] = fetchAfter(current);
      if (current === undefined) return;
      // Older than the minute for which the library would not ask again; it reads the system's clock, not ours.
      setJwksCache(configuration, { jwks: current.jwks, uat: Math.floor(Date.now() / 1000) - 60 });
    },
  };
}

function jwksOf(text: string): JWKS | undefined {
  try {
    const value = JSON.parse(text) as { readonly keys?: unknown } | null; // anything; the library checks it as well
    return Array.isArray(value?.keys) ? (value as JWKS) : undefined; // its members are checked when a key is chosen
  } catch {
    return undefined;
  }
}

function responseOf({ status, contentType, text }: Published): Response {
  return new Response(text, { status, headers: { 'content-type': contentType } });
}
