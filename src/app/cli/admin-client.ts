import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { addressText } from '../../servers/address.ts';
import type { AdminTarget } from './admin-target.ts';

/** A call of the admin API did not do what was asked; the message is for people. */
export class AdminCallError extends Error {}

export interface AdminCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly body?: object;
}

/** The JSON of a successful answer. Rejects with {@link AdminCallError} for any other, and when nobody answers. */
export async function callAdmin(target: AdminTarget, call: AdminCall): Promise<unknown> {
  const response = await send(target, call, 'application/json');
  const text = await textOf(response);
  if (response.statusCode !== 200) throw new AdminCallError(problemOf(response, text));
  return parse(text);
}

/** The lines of an answer, parsed. Rejects as {@link callAdmin} does, also when the answer breaks off. */
export async function* streamAdmin(target: AdminTarget, call: AdminCall): AsyncGenerator<unknown> {
  const response = await send(target, call, 'application/x-ndjson');
  if (response.statusCode !== 200) throw new AdminCallError(problemOf(response, await textOf(response)));
  for await (const line of createInterface({ input: response })) yield parse(line);
  if (!response.complete) throw new AdminCallError('the answer broke off: not everything was listed');
}

function send({ place, token, tls }: AdminTarget, call: AdminCall, accept: string): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const options: RequestOptions = {
    method: call.method,
    path: call.path,
    ...(place.kind === 'unix' ? { socketPath: place.path } : { host: place.host, port: place.port }),
    headers: {
      accept,
      authorization: `Bearer ${token.reveal()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const sent = place.kind === 'https' ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
    sent.on('response', resolve);
    sent.on('error', (error) => reject(new AdminCallError(unreachable(place, error), { cause: error })));
    sent.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AdminCallError('the answer is no JSON: is this the admin API of Sallyport?');
  }
}

function problemOf({ statusCode = 0 }: IncomingMessage, text: string): string {
  const description = /"error_description":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return `${description ?? 'the admin API refused'} (${statusCode})`;
}

function unreachable(place: AdminTarget['place'], error: Error): string {
  const where = addressText(place.kind === 'unix' ? place : { kind: 'tcp', host: place.host, port: place.port });
  const reason = 'code' in error ? String(error.code) : error.message;
  return `no admin API answers at ${where} (${reason}): is Sallyport running, and is this its listen.admin?`;
}
