import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { atEnd } from './ends.ts';
import { tempFolder } from './temp-folder.ts';
import { toolPath } from './tools.ts';

/** Chromium asks nobody but the pages' own servers, and works as root in a container. */
const quietly = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let launched: Promise<Browser> | undefined;

/** A browser profile of a test's own: no cookies, no cache. One Chromium serves the whole test file. */
export async function newBrowserContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  launched ??= launch();
  const browser = await launched;
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  return context;
}

/**
 * A browser that keeps no cookies, as people set it in its preferences: of nobody, or not of one origin. The context's
 * end is the browser's.
 */
export async function newBrowserWithoutCookies(origin?: string): Promise<BrowserContext> {
  const profile = await tempFolder();
  await mkdir(join(profile, 'Default'));
  const blocked = 2;
  const settings =
    origin === undefined
      ? { default_content_setting_values: { cookies: blocked } }
      : { content_settings: { exceptions: { cookies: { [`${origin},*`]: { setting: blocked } } } } };
  const preferences = { profile: settings };
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: toolPath('chromium'),
    args: quietly,
  });
  const forget = atEnd(() => context.close());
  context.on('close', forget);
  context.setDefaultTimeout(10_000);
  return context;
}

async function launch(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: toolPath('chromium'),
    args: quietly,
    // As people have it: what Back brings back after a logout is one of the questions.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  atEnd(async () => {
    launched = undefined;
    await browser.close();
  });
  return browser;
}
