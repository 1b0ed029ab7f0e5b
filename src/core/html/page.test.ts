import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { html } from './html.ts';
import { pageHeaders, renderPage } from './page.ts';

describe('pageHeaders', () => {
  it('allows no script, no frame, no foreign content, no cache, no referrer', () => {
    const headers = new Map(pageHeaders());
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
  });

  it('lets forms lead to the origins that it is told, redirects included (CSP 3 §6.4.1)', () => {
    const headers = new Map(pageHeaders(['https://idp.example', 'https://b.example']));
    expect(headers.get('content-security-policy')).toContain(
      "form-action 'self' https://idp.example https://b.example;",
    );
  });

  it('can say same-origin to pages whose form is checked by its Origin (Fetch §3.1)', () => {
    expect(new Map(pageHeaders([], 'same-origin')).get('referrer-policy')).toBe('same-origin');
  });
});

describe('renderPage', () => {
  const page = renderPage({ title: '<Sign in>', language: 'en"', body: html`<main>${'<x>'}</main>` });

  it('is a whole document with everything escaped that is not markup of ours', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en&quot;">\n/);
    expect(page).toContain('<title>&lt;Sign in&gt;</title>');
    expect(page).toContain('<body>\n<main>&lt;x&gt;</main>\n</body>');
    expect(page).not.toMatch(/<script|javascript:| on[a-z]+=/i);
  });

  it('has the one style that its policy allows by hash', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(new Map(pageHeaders()).get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
  });
});
