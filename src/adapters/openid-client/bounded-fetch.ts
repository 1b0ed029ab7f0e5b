/** What bounds every request to a provider. */
export interface FetchBounds {
  readonly timeoutMs: number;
  /** Largest response body that is read, after decompression. */
  readonly maxBytes: number;
  /** Takes the place of `from` at the start of each URL: split-horizon set-ups, and the embedded issuer. */
  readonly reroute: { readonly from: string; readonly to: string } | undefined;
}

/** The subset of fetch options that OAuth libraries use. */
export interface FetchOptions {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | URLSearchParams | Uint8Array | ReadableStream | ArrayBuffer | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A fetch that follows no redirect and is bounded in time and bytes, the body included. Rejects past a bound. */
export function boundedFetch(bounds: FetchBounds): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, options) => {
    const deadline = AbortSignal.timeout(bounds.timeoutMs);
    const response = await fetch(reroute(url, bounds), {
      method: options.method,
      headers: options.headers,
      body: (options.body ?? null) as RequestInit['body'] & null, // the same union, named apart by the two libraries
      redirect: 'manual',
      signal: options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]),
    });
    const body = await readAtMost(response, bounds.maxBytes);
    const headers = new Headers(response.headers);
    // They describe the body as it travelled, not as it was read.
    headers.delete('content-encoding');
    headers.delete('content-length');
    const mayHaveBody = response.status >= 200 && ![204, 205, 304].includes(response.status);
    return new Response(mayHaveBody ? body : null, {
      status: response.status,
      statusText: response.statusText,
      headers,
    });
  };
}

function reroute(url: string, { reroute }: FetchBounds): string {
  return reroute !== undefined && url.startsWith(`${reroute.from}/`)
    ? reroute.to + url.slice(reroute.from.length)
    : url;
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`the response is larger than ${maxBytes} bytes`); // ending the loop cancels the body
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
