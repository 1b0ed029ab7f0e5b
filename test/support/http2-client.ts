import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { atEnd } from './ends.ts';

export interface Http2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface Http2Client {
  /** `headers` may set the pseudo-headers too. */
  request(headers: OutgoingHttpHeaders, body?: string): Promise<Http2Answer>;
  close(): void;
}

/** One HTTP/2 connection with prior knowledge (h2c) to a port of 127.0.0.1. */
export function http2Client(port: number, authority = `localhost:${port}`): Http2Client {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined); // told by the request that it broke
  const forget = atEnd(async () => session.destroy());
  return {
    request: (headers, body) =>
      new Promise((resolve, reject) => {
        const stream = session.request(
          { ':authority': authority, ':path': '/', ...headers },
          { endStream: body === undefined },
        );
        let answer: Readonly<Record<string, unknown>> = {};
        let trailers: Readonly<Record<string, unknown>> = {};
        let text = '';
        stream.setEncoding('utf8');
        stream.setTimeout(10_000, () => stream.destroy(new Error('no answer within 10 s')));
        stream.on('response', (received) => {
          answer = received;
        });
        stream.on('trailers', (received) => {
          trailers = received;
        });
        stream.on('data', (chunk: string) => {
          text += chunk;
        });
        stream.on('error', reject);
        stream.on('end', () =>
          resolve({ status: Number(answer[':status'] ?? 0), headers: answer, trailers, body: text }),
        );
        if (body !== undefined) stream.end(body);
      }),
    close: () => {
      forget();
      session.destroy();
    },
  };
}
