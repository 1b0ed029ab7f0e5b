import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

/** A page of a browser that runs no script of any page, with a list of what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Violations of a policy, errors on the console, and requests for anything but pages of `origins`. */
  readonly problems: readonly string[];
  /** What axe-core finds wrong with what is shown now, each as one line. */
  accessibilityProblems(): Promise<readonly string[]>;
}

/** Less than half of what the package says is its source: it goes into every page. */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// An answer of 4xx or 5xx to the page itself is written on the console as well.
const refusedPage = 'Failed to load resource: the server responded with a status of';

/** Opens a page and watches it. `origins`: where it may go. */
export async function watchedPage(context: BrowserContext, origins: readonly string[]): Promise<WatchedPage> {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    const isError = message.type() === 'error' || message.type() === 'warning';
    if (isError && !message.text().startsWith(refusedPage)) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    const isPage = request.resourceType() === 'document' && origins.includes(url.origin);
    if (!isPage && url.protocol !== 'data:') problems.push(`${request.resourceType()}: ${request.url()}`);
  });
  const session = await context.newCDPSession(page);
  const forbidScripts = async (value: boolean) => await session.send('Emulation.setScriptExecutionDisabled', { value });
  await forbidScripts(true);
  return {
    page,
    problems,
    async accessibilityProblems() {
      await forbidScripts(false);
      try {
        return await accessibilityProblemsOf(page);
      } finally {
        await forbidScripts(true);
      }
    },
  };
}

/** What axe-core finds wrong with what a page shows now, each as one line. The page's scripts must be allowed to run. */
export async function accessibilityProblemsOf(page: Page): Promise<readonly string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe);
  const found = await page.evaluate(`axe.run(document, { resultTypes: ['violations', 'incomplete'] })`);
  const { violations, incomplete } = found as AxeResults; // what axe.run resolves to
  return [...violations, ...incomplete].flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
