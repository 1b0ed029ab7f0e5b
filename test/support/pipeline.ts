import { connect } from 'node:net';
import { parseAnswer, type RawAnswer } from './raw-http.ts';

const connections = 8;

/**
 * Sends very many requests (latin-1) to a port of 127.0.0.1 and returns their answers in order: each connection has its
 * share of them on the way at once (RFC 9112 §9.3.2). Every answer must tell its length and keep the connection.
 */
export async function sendAll(port: number, requests: readonly string[]): Promise<readonly RawAnswer[]> {
  const share = Math.ceil(requests.length / connections);
  const shares = Array.from({ length: connections }, (_, index) => requests.slice(index * share, (index + 1) * share));
  const answers = await Promise.all(shares.map((each) => sendShare(port, each)));
  return answers.flat();
}

function sendShare(port: number, requests: readonly string[]): Promise<readonly RawAnswer[]> {
  if (requests.length === 0) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const answers: RawAnswer[] = [];
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(requests.join(''), 'latin1'));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      let at = 0;
      for (let end = endOf(received, at); end !== undefined; end = endOf(received, at)) {
        answers.push(parseAnswer(received.slice(at, end)));
        at = end;
      }
      received = received.slice(at);
      if (answers.length < requests.length) return;
      socket.destroy();
      resolve(answers);
    });
    socket.on('error', reject);
    const lost = () => reject(new Error(`the connection ended after ${answers.length} answers: ${received}`));
    socket.on('end', lost);
    socket.on('close', lost);
    socket.setTimeout(20_000, lost);
  });
}

/** Where the answer ends that begins at `start`; undefined while it is not whole. */
function endOf(received: string, start: number): number | undefined {
  const head = received.indexOf('\r\n\r\n', start);
  if (head < 0) return undefined;
  // A 204 has no body, and says nothing of one (RFC 9110 §8.6).
  const none = received.startsWith('HTTP/1.1 204', start) ? '0' : undefined;
  const [, length = none] = /^content-length: *(\d+)$/im.exec(received.slice(start, head)) ?? [];
  if (length === undefined) throw new Error(`an answer without a length: ${received.slice(start, head)}`);
  const end = head + 4 + Number(length);
  return received.length < end ? undefined : end;
}
