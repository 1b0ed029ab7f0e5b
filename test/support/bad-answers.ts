import { gzipSync } from 'node:zlib';
import type { TinyHandler } from './tiny-provider.ts';

/** A status, with a body that is no JSON. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): TinyHandler {
  return (_request, response) => void response.writeHead(code, headers).end('<h1>canary-body</h1>');
}

/** A JSON text as it is. */
export function json(text: string, code = 200, headers: Readonly<Record<string, string>> = {}): TinyHandler {
  return (_request, response) =>
    void response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(text);
}

/** Headers, and then never a body. */
export const hang: TinyHandler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
};

/** A byte now and then, for ever. */
export const drip: TinyHandler = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  request.on('close', () => clearInterval(timer));
  response.on('close', () => clearInterval(timer));
};

/** 100 MB, as fast as they are read. */
export const flood: TinyHandler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(64 * 1024, ' ');
  let left = 1600;
  const write = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(chunk)) {
        response.once('drain', write);
        return;
      }
    }
    response.end();
  };
  write();
};

const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '));

/** 50 kB that become 50 MB. */
export const gzipBomb: TinyHandler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
};

/** The connection ends without an answer. */
export const reset: TinyHandler = (request) => {
  request.socket.resetAndDestroy();
};
