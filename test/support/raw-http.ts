import { connect } from 'node:net';

/** An HTTP/1.1 answer as its bytes arrived, texts in latin-1. */
export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The first value of a header by lower-case name. */
  header(name: string): string | undefined;
  values(name: string): readonly string[];
}

/**
 * Sends exactly these bytes (latin-1) to 127.0.0.1 and reads until the answer is whole or the server closes. The request should say
 * `Connection: close`; a server that keeps the connection is given `timeoutMs`.
 */
export async function sendRaw(port: number, bytes: string, timeoutMs = 5000): Promise<RawAnswer> {
  const received = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const finish = () => resolve(Buffer.concat(chunks).toString('latin1'));
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      finish();
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      // Envoy keeps a connection whose request it refused open for a second more.
      if (isWhole(Buffer.concat(chunks).toString('latin1'))) socket.end(finish);
    });
    socket.on('end', () => socket.end());
    socket.on('close', finish);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') finish();
      else reject(error);
    });
  });
  return parseAnswer(received);
}

/** Whether an answer that tells its length is here to its end. */
function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  const [, length] = /^content-length: *(\d+)$/im.exec(received.slice(0, Math.max(0, end))) ?? [];
  return length !== undefined && received.length >= end + 4 + Number(length);
}

/** A GET with exactly these header lines besides `Host` and `Connection: close`. */
export function rawGet(target: string, host: string, lines: readonly string[] = [], method = 'GET'): string {
  return [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n');
}

/** Reads one answer that is here to its end, or as far as it came. */
export function parseAnswer(received: string): RawAnswer {
  const end = received.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = (end < 0 ? received : received.slice(0, end)).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const values = (name: string) => headers.filter(([each]) => each === name).map(([, value]) => value);
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0),
    headers,
    body: end < 0 ? '' : received.slice(end + 4),
    header: (name) => values(name)[0],
    values,
  };
}
