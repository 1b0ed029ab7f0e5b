import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { jsonReply, pageReply, redirect } from '../http/reply.ts';
import type { Header, PlainReply } from '../verdict.ts';
import { html } from './html.ts';
import { defaultLook, type Look } from './look.ts';
import type { Page } from './page.ts';
import { createPageRenderer } from './page-renderer.ts';

const page: Page = {
  title: { en: '<Sign in>', de: '<Anmelden>' },
  body: (t) => html`<h1>${t({ en: '<x>', de: '<y>' })}</h1>`,
};

interface Parts {
  readonly look?: Partial<Look>;
  readonly language?: string;
  readonly headers?: readonly Header[];
}

function render(changes: Partial<Page> = {}, { look, language = 'en', headers = [] }: Parts = {}): PlainReply {
  const renderer = createPageRenderer({ ...defaultLook, ...look });
  const request = httpRequest({ headers: { 'accept-language': language } });
  return renderer.render(pageReply(200, { ...page, ...changes }, headers), request);
}

function header(reply: PlainReply, name: string): string | undefined {
  return new Map(reply.headers).get(name);
}

describe('a page', () => {
  it('is a whole document with everything escaped that is not markup of ours, and no script', () => {
    const { body } = render();
    expect(body).toMatch(/^<!doctype html>\n<html lang="en">\n/);
    expect(body).toContain('<title>&lt;Sign in&gt;</title>');
    expect(body).toContain('<div class="card">\n<main>\n<h1>&lt;x&gt;</h1>\n</main>\n</div>');
    expect(body).not.toMatch(/<script|javascript:| on[a-z]+=/i);
    expect(render({ isWide: true }).body).toContain('<div class="card wide">');
  });

  it('is in the language that the reader asks for, and says so (RFC 9110 §8.5, §12.5.5)', () => {
    const german = render({}, { language: 'de-AT,de;q=0.9,en;q=0.8' });
    expect(german.body).toMatch(/^<!doctype html>\n<html lang="de">\n/);
    expect(german.body).toContain('<title>&lt;Anmelden&gt;</title>');
    expect(german.body).toContain('<h1>&lt;y&gt;</h1>');
    expect(header(german, 'content-language')).toBe('de');
    expect(header(german, 'vary')).toBe('accept-language');
    expect(header(render(), 'content-language')).toBe('en');
  });

  it('allows no script, no frame, no foreign content, no cache, no referrer', () => {
    const reply = render({}, { headers: [['retry-after', '5']] });
    expect(header(reply, 'content-type')).toBe('text/html; charset=utf-8');
    expect(header(reply, 'cache-control')).toBe('no-store');
    expect(header(reply, 'referrer-policy')).toBe('no-referrer');
    expect(header(reply, 'x-content-type-options')).toBe('nosniff');
    expect(header(reply, 'content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(reply.headers.at(-1)).toEqual(['retry-after', '5']);
  });

  it('lets forms lead to the origins that it is told, redirects included (CSP 3 §6.4.1)', () => {
    const formTargets = ['https://idp.example', 'https://b.example'];
    expect(header(render({ formTargets }), 'content-security-policy')).toContain(
      "form-action 'self' https://idp.example https://b.example;",
    );
  });

  it('can say same-origin where its form is checked by its Origin (Fetch §3.1)', () => {
    expect(header(render({ referrerPolicy: 'same-origin' }), 'referrer-policy')).toBe('same-origin');
  });

  it('has the one style that its policy allows by hash', () => {
    const reply = render();
    const style = /<style>([\s\S]*)<\/style>/.exec(reply.body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(header(reply, 'content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
  });
});

describe('a look', () => {
  const png = { mediaType: 'image/png', base64: 'iVBORw0KGgo=', alternative: 'Our "logo" <x>' } as const;

  it('shows a name above every page and behind its title', () => {
    const { body } = render({}, { look: { name: 'A & B' } });
    expect(body).toContain('<title>&lt;Sign in&gt; · A &amp; B</title>');
    expect(body).toContain('<div class="card">\n<header><span>A &amp; B</span></header>\n<main>');
  });

  it('shows a logo, and only then allows images: those that stand in the page', () => {
    const reply = render({}, { look: { logo: png } });
    expect(reply.body).toContain(
      '<header><img src="data:image/png;base64,iVBORw0KGgo=" alt="Our &quot;logo&quot; &lt;x&gt;"></header>',
    );
    expect(header(reply, 'content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action /,
    );
    expect(header(render(), 'content-security-policy')).not.toContain('img-src');
  });

  it.each([
    '</title></head><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    '</style><script>',
    '<!--',
    '\u2028</header>',
  ])('lets the name or the logo %j say nothing but itself', (hostile) => {
    const bodyWith = (text: string) => render({}, { look: { name: text, logo: { ...png, alternative: text } } }).body;
    expect(bodyWith(hostile).replaceAll(html`${hostile}`.markup, 'text')).toBe(bodyWith('text'));
  });
});

describe('the renderer', () => {
  const renderer = createPageRenderer(defaultLook);

  it('leaves other replies as they are', () => {
    for (const reply of [jsonReply(403, { error: 'x' }), redirect(302, 'https://idp.example/')]) {
      expect(renderer.render(reply, httpRequest())).toEqual(reply);
    }
  });

  it.each([jsonReply(403, {}), pageReply(403, page)])('sends no body for HEAD (RFC 9110 §9.3.2)', (reply) => {
    const { headers } = renderer.render(reply, httpRequest());
    expect(renderer.render(reply, httpRequest({ method: 'HEAD' }))).toEqual({
      kind: 'reply',
      status: 403,
      headers,
      body: '',
    });
  });
});
