import type { BrowserContext, Page, Response } from 'playwright-core';
import type { SpaWorld } from './spa-world.ts';

/** What happened in the tabs of a browser that has the application of a {@link SpaWorld} open. */
export interface WatchedTabs {
  /** Errors on the console, violations of the policy among them, and requests for what is none of their business. */
  readonly problems: readonly string[];
  /** Everything that a script of the page can get hold of: what came with answers before, and what is there now. */
  readable(page: Page): Promise<string>;
}

/** Watches every tab that is opened from now on. */
export function watchTabs(context: BrowserContext, world: SpaWorld): WatchedTabs {
  const problems: string[] = [];
  const seen: Promise<string>[] = [];
  const ours = [world.origin, world.elsewhere];
  const isOurs = (url: string) => ours.includes(new URL(url).origin);
  context.on('page', (page) => {
    page.on('console', (message) => {
      const isProblem = message.type() === 'error' || message.type() === 'warning';
      // The one word about a 401, which is the client's to deal with.
      const isRefusal = message.text().startsWith('Failed to load resource: the server responded with a status of');
      if (isProblem && !isRefusal && isOurs(page.url())) problems.push(message.text());
    });
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('request', (request) => {
      const url = request.url();
      const isKnown = isOurs(url) || url.startsWith(world.provider.issuer) || url.startsWith('data:');
      // The provider's own pages look as they like.
      if (!isKnown && isOurs(page.url())) problems.push(url);
    });
    page.on('response', (response) => {
      if (isOurs(response.url())) seen.push(visible(response));
    });
  });
  return {
    problems,
    async readable(page) {
      const inPage = await page.evaluate(`(async () => JSON.stringify([
        document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, document.documentElement.outerHTML,
        history.state, await indexedDB.databases(), await caches.keys(), performance.getEntries(),
      ]))()`);
      return [String(inPage), ...(await Promise.all(seen))].join('\n');
    },
  };
}

/** What the line with `role=status` of the application says from now on. */
export async function noteStatus(page: Page): Promise<readonly string[]> {
  const texts: string[] = [];
  await page.exposeFunction('noteStatus', (text: string) => texts.push(text));
  await page.evaluate(`{
    const line = document.getElementById('status');
    new MutationObserver(() => noteStatus(line.textContent)).observe(line, { childList: true });
  }`);
  return texts;
}

/** Address, headers and body of an answer. Set-Cookie is shown to no script (Fetch §2.2.2). */
async function visible(response: Response): Promise<string> {
  const headers = (await response.headersArray()).filter(({ name }) => name.toLowerCase() !== 'set-cookie');
  // A redirect and a 204 have none.
  const body = await response.body().catch(() => '');
  return [response.url(), JSON.stringify(headers), String(body)].join('\n');
}
