import { connect, createServer, type Socket } from 'node:net';
import { atEnd } from './ends.ts';

/** A way to a TCP server of 127.0.0.1 that a test can bar, for those who go this way and for nobody else. */
export interface TcpGate {
  readonly port: number;
  /** To the server on this port; before anybody comes. */
  leadTo(port: number): void;
  /** Ends every connection and every new one, as a server that is gone. */
  cut(): void;
  /**
   * Nothing passes in either direction and nobody is told: connections are half open, and new ones are made and get no
   * answer. `subscriptions`: only those on which somebody subscribes to a channel of Redis.
   */
  freeze(what?: 'everything' | 'subscriptions'): void;
  /** Everything passes again, what was held up first. */
  thaw(): void;
}

type Bar = 'open' | 'cut' | 'everything' | 'subscriptions';

interface Passage {
  /** Whether it has been used to subscribe. */
  isSubscription: boolean;
  readonly ends: readonly [client: Socket, server: Socket];
}

/** Opens one. The test file's end closes it. */
export async function openTcpGate(): Promise<TcpGate> {
  const passages = new Set<Passage>();
  let bar: Bar = 'open';
  let target = 0;

  const isBarred = ({ isSubscription }: Passage) => bar === 'everything' || (bar === 'subscriptions' && isSubscription);

  function settle(passage: Passage): void {
    for (const end of passage.ends) {
      if (isBarred(passage)) end.pause();
      else end.resume();
    }
  }

  const server = createServer({ allowHalfOpen: false }, (client) => {
    const away = connect(target, '127.0.0.1');
    const passage: Passage = { isSubscription: false, ends: [client, away] };
    passages.add(passage);
    const end = () => {
      passages.delete(passage);
      for (const socket of passage.ends) socket.destroy();
    };
    for (const socket of passage.ends) socket.on('error', end).on('close', end).setNoDelay(true);
    client.on('data', (bytes) => {
      // Redis commands come whole, and are written as ioredis writes them.
      passage.isSubscription ||= /\r\n(?:p|s)?subscribe\r\n/i.test(bytes.toString('latin1'));
      if (isBarred(passage)) {
        client.unshift(bytes);
        settle(passage);
      } else away.write(bytes);
    });
    away.on('data', (bytes) => client.write(bytes));
    if (bar === 'cut') end();
    else settle(passage);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');

  function become(next: Bar): void {
    bar = next;
    for (const passage of passages) {
      if (bar === 'cut') for (const end of passage.ends) end.destroy();
      else settle(passage);
    }
  }
  atEnd(async () => {
    become('cut');
    server.close();
  });
  return {
    port: address.port,
    leadTo(port) {
      target = port;
    },
    cut: () => become('cut'),
    freeze: (what = 'everything') => become(what),
    thaw: () => become('open'),
  };
}
