import type { Page } from 'playwright-core';
import { passwords } from './own-issuer.ts';
import { noteSecret } from './seen-secrets.ts';

export type Person = keyof typeof passwords;

/** Fills in the login page that `page` shows and sends it; resolves when the next page is there. */
export async function signIn(page: Page, person: Person, password: string = passwords[person]): Promise<void> {
  await page.getByLabel('User name').fill(person);
  await page.getByLabel('Password').fill(password);
  await Promise.all([page.waitForEvent('framenavigated'), page.getByRole('button', { name: 'Sign in' }).click()]);
}

/** Answers the consent page that `page` shows; resolves on the page of the application. */
export async function authorize(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Authorize' }).click();
  await waitForWorkload(page);
}

/** Resolves once `page` shows neither a page of the issuer nor one of ours. */
export async function waitForWorkload(page: Page): Promise<void> {
  await page.waitForURL(({ pathname }) => !pathname.startsWith('/oauth2/') && !pathname.startsWith('/_auth/'));
}

/** Opens `url` in a browser without a session, and logs in and consents on the way. */
export async function openAs(page: Page, person: Person, url: string): Promise<void> {
  await page.goto(url);
  await signIn(page, person);
  await authorize(page);
}

/** Remembers what must not stand in a log: every cookie of the browser. */
export async function noteCookies(page: Page): Promise<void> {
  for (const { name, value } of await page.context().cookies()) {
    // The cookies of an interaction are the id in its URL.
    if (!/-(?:interaction|resume)$/.test(name)) noteSecret(value);
  }
}
