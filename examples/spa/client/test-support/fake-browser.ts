import { vi } from 'vitest';
import { type AgentClient, createAgentClient } from '../src/agent-client.ts';
import { createFakeAgent, type FakeAgent } from './fake-agent.ts';

/** What the client finds in a browser, and an agent that its requests come to. */
export interface FakeBrowser {
  readonly fake: FakeAgent;
  /** `location`; code under test replaces `href` through `history`. */
  readonly page: { href: string; assign(url: string): void };
  /** Where the page was told to go. */
  readonly left: string[];
  /** A tab of an application of this test's own: tabs with the same `name` hear each other. */
  openTab(name?: string, answer?: FakeAgent['answer']): AgentClient;
  /** To be called at the end of a test. */
  close(): void;
}

/** Takes the place of the browser's globals. The page is `https://spa.example.com/orders?page=2`. */
export function startFakeBrowser(): FakeBrowser {
  const fake = createFakeAgent();
  const left: string[] = [];
  const tabs: AgentClient[] = [];
  const page = {
    href: 'https://spa.example.com/orders?page=2',
    get origin() {
      return new URL(this.href).origin;
    },
    get pathname() {
      return new URL(this.href).pathname;
    },
    assign: (url: string) => void left.push(url),
  };
  const stored = new Map<string, string>();
  vi.stubGlobal('location', page);
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_state: unknown, _title: string, url: string) => {
      page.href = url;
    },
  });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
  return {
    fake,
    page,
    left,
    openTab(name = String(Math.random()), answer = fake.answer) {
      const tab = createAgentClient({
        baseUrl: `https://api.example.com/${name}/oauth-agent`,
        cookiePrefix: 'spa',
        apiBaseUrl: 'https://api.example.com/v1/',
        fetch: answer,
      });
      tabs.push(tab);
      return tab;
    },
    close() {
      for (const tab of tabs) tab.close();
      vi.unstubAllGlobals();
    },
  };
}
