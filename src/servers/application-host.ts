import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import Fastify from 'fastify';
import type { Address } from './address.ts';
import { endUnread, httpBounds } from './http-bounds.ts';
import { listenAt } from './listen.ts';
import { type MutualTls, secureContextOf } from './mutual-tls.ts';

/** What answers requests: a Fastify instance that is ready and does not listen. */
export interface HttpApplication {
  routing(request: IncomingMessage, response: ServerResponse): void;
}

export interface ApplicationHostOptions {
  readonly address: Address;
  readonly tls: MutualTls | undefined;
  readonly maxHeaderSize: number;
  readonly application: HttpApplication;
  /** While it is true, every answer ends its connection. */
  readonly isDraining?: () => boolean;
}

/** An HTTP server whose application can be replaced while it runs. */
export interface ApplicationHost {
  /** Kernel-assigned where the port was 0; undefined on a Unix socket. */
  readonly port: number | undefined;
  /** From the next request on `application` answers; requests in progress stay where they are. */
  replace(application: HttpApplication): void;
  /**
   * Another certificate, and perhaps other client authorities, from the next handshake on: then a connection that was
   * made under the old ones ends with its next answer. Throws for unusable PEM.
   */
  renewTls(tls: MutualTls): void;
  /** Answers what has begun, then closes. */
  close(): Promise<void>;
}

/** Listens for an application. Rejects when the address cannot be used. */
export async function hostApplication(options: ApplicationHostOptions): Promise<ApplicationHost> {
  const servers: (Server | HttpsServer)[] = [];
  let { application, tls } = options;
  let accepted = new WeakSet<Socket>();
  const isOutdated = (socket: Socket) => tls !== undefined && !accepted.has(socket);
  // Fastify listens, and closes: on both addresses of localhost, for one. What answers is the application's own.
  const shell = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    serverFactory: () => {
      const server = createServer(options, (request, response) => {
        endUnread(request, response, () => options.isDraining?.() === true || isOutdated(request.socket));
        application.routing(request, response);
      });
      server.on('secureConnection', (socket: Socket) => accepted.add(socket));
      servers.push(server);
      return server;
    },
  });
  return {
    port: await listenAt(shell, options.address),
    replace: (next) => {
      application = next;
    },
    renewTls(next) {
      const context = secureContextOf(next);
      for (const server of servers) if ('setSecureContext' in server) server.setSecureContext(context);
      if (next.clientCa !== tls?.clientCa) accepted = new WeakSet();
      tls = next;
    },
    close: () => shell.close(),
  };
}

function createServer(
  { tls, maxHeaderSize }: ApplicationHostOptions,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server | HttpsServer {
  const limits = { ...httpBounds, maxHeaderSize };
  if (tls === undefined) return createHttpServer(limits, listener);
  const mutual = { ...secureContextOf(tls), requestCert: true, rejectUnauthorized: true };
  return createHttpsServer({ ...limits, ...mutual, handshakeTimeout: httpBounds.headersTimeout }, listener);
}
