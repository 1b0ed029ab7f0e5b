/** What a tab tells the others of the same origin. There is no token in it. */
export type TabNews = 'refreshed' | 'signed-in' | 'signed-out';

/** The tabs in which one application is open. */
export interface Tabs {
  tell(news: TabNews): void;
  /** Carries out one piece of work at a time: in all tabs where the browser has Web Locks, else in this one. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Hears and tells nothing any more. */
  close(): void;
}

/** `name`: the same in every tab, and of this application alone. `hear`: called for what the other tabs tell. */
export function connectTabs(name: string, hear: (news: TabNews) => void): Tabs {
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', ({ data }) => hear(data as TabNews)); // only pages of this origin can send
  let isOpen = true;
  return {
    // What is under way while it is closed may still have news, and a closed channel would throw.
    tell: (news) => isOpen && channel.postMessage(news),
    alone: taking(name),
    close() {
      isOpen = false;
      channel.close();
    },
  };
}

/** Web Locks are there in secure contexts only: over HTTPS, and on localhost. */
function taking(name: string): Tabs['alone'] {
  const locks = navigator.locks as LockManager | undefined; // see above
  if (locks !== undefined) return async (work) => await locks.request(name, work);
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const turn = last.then(work, work);
    last = turn;
    return await turn;
  };
}
