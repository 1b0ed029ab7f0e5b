import { setTimeout as pause } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';
import { type RedisClient, ready } from './client.ts';
import { failureOf, RedisFailure } from './failure.ts';
import { clusterOptions, type RedisStoreOptions } from './options.ts';
import type { OutageReport } from './outage-report.ts';
import { withScripts } from './scripts.ts';

/** Replies of a node that is well and serves its slots; any other failure may be cured by looking at the cluster anew. */
const repliesOfHealthyNodes: ReadonlySet<string> = new Set(['OOM', 'ERR', 'WRONGTYPE', 'NOPERM', 'MISCONF']);

/** Milliseconds between two looks at a cluster in which something is wrong. */
const firstLookMs = 100;
const laterLooksMs = 1000;

/**
 * Connections to all nodes of a cluster. ioredis learns where slots are from MOVED replies and every ten seconds. A
 * master that dies sends no MOVED, so after a failure we look again and again until every slot is served: where the
 * slots are now, and when no known node answers, from the configured nodes and their DNS names again.
 */
export function connectCluster(
  options: RedisStoreOptions & { readonly topology: { readonly kind: 'cluster' } },
  report: OutageReport,
): RedisClient {
  const nodes = options.topology.nodes.map(({ host, port }) => ({ host, port }));
  const cluster = new Cluster(nodes, clusterOptions(options));
  const state = { isMending: false, isClosed: false };

  // Without a listener ioredis prints errors to the console.
  cluster.on('error', (error) => {
    report.failed(failureOf(error));
    void mend();
  });
  // Replicas as well: the one that becomes master is then connected already, and a pool of dead nodes runs empty. Not
  // before the cluster is ready: the check for that needs a node which is not being connected to.
  const connectAll = (): void => {
    if (cluster.status !== 'ready') return;
    for (const node of cluster.nodes()) if (node.status === 'wait') node.connect().catch(() => undefined);
  };
  cluster.on('ready', connectAll);
  // A connection was lost: better found again now than by the next request.
  cluster.on('-node', () => void mend());
  cluster.on('refresh', connectAll);

  /** Until every slot is served; one at a time. */
  async function mend(): Promise<void> {
    if (state.isMending) return;
    state.isMending = true;
    let waitMs = firstLookMs;
    while (!state.isClosed) {
      if (cluster.status === 'ready') await refresh();
      if (await isWhole()) break;
      await pause(waitMs, undefined, { ref: false });
      waitMs = Math.min(2 * waitMs, laterLooksMs);
    }
    state.isMending = false;
    if (!state.isClosed) report.recovered();
  }

  /** Asks some node that answers where the slots are. */
  async function refresh(): Promise<void> {
    const error = await new Promise<unknown>((resolve) => {
      cluster.refreshSlotsCache((failure) => resolve(failure ?? undefined));
    });
    // No node that we know of answers: they may all have other addresses now.
    const isLost = error instanceof Error && 'lastNodeError' in error && cluster.status === 'ready';
    if (isLost && !state.isClosed) cluster.disconnect(true);
  }

  async function isWhole(): Promise<boolean> {
    const masters = cluster.nodes('master');
    if (cluster.status !== 'ready' || masters.length === 0) return false;
    if (masters.some((master) => master.status !== 'ready')) return false;
    return (await Promise.all(masters.map(servesSlots))).every((serves) => serves);
  }

  return {
    commands: withScripts(cluster),
    masters: () => cluster.nodes('master'),
    async probe(signal) {
      await ready(cluster, signal);
      const masters = cluster.nodes('master');
      // One that serves is enough: while a part of the cluster is away, the sessions of the others go on.
      await Promise.any(
        masters.map(async (master) => {
          await ready(master, signal);
          if (!(await servesSlots(master))) throw new RedisFailure('CLUSTERDOWN');
        }),
      );
      // Those that are being connected to as well, so that the first commands after the start do not come too early.
      const soon = AbortSignal.any([signal, AbortSignal.timeout(options.commandTimeoutMs / 2)]);
      await Promise.allSettled(masters.map((master) => ready(master, soon)));
    },
    failed({ code }) {
      if (!repliesOfHealthyNodes.has(code)) void mend();
    },
    disconnect() {
      state.isClosed = true;
      cluster.disconnect();
    },
  };
}

/** Whether a node answers, and finds that the cluster serves its slots. */
async function servesSlots(node: Redis): Promise<boolean> {
  try {
    return String(await node.cluster('INFO')).includes('cluster_state:ok');
  } catch {
    return false;
  }
}
