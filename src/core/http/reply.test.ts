import { describe, expect, it } from 'vitest';
import { html } from '../html/html.ts';
import { jsonReply, pageReply, redirect } from './reply.ts';

describe('pageReply', () => {
  it('is a page before anybody asked for it, with what it needs beyond the headers of every page', () => {
    const page = { title: { en: 'A page', de: 'Eine Seite' }, body: () => html`<h1>text</h1>` };
    expect(pageReply(200, page)).toEqual({ kind: 'reply', status: 200, headers: [], body: page });
    expect(pageReply(404, page, [['x', 'y']])).toMatchObject({ status: 404, headers: [['x', 'y']] });
  });
});

describe('jsonReply', () => {
  it('is JSON that no cache keeps', () => {
    expect(jsonReply(200, { a: undefined, b: 1 }, [['x', 'y']])).toEqual({
      kind: 'reply',
      status: 200,
      headers: [
        ['content-type', 'application/json'],
        ['cache-control', 'no-store'],
        ['x-content-type-options', 'nosniff'],
        ['x', 'y'],
      ],
      body: '{"b":1}',
    });
    expect(jsonReply(200, 1).body).toBe('1');
  });
});

describe('redirect', () => {
  it('is kept by no cache and tells nobody where it came from (R8)', () => {
    const expected = [
      ['location', 'https://idp.example/'],
      ['cache-control', 'no-store'],
      ['referrer-policy', 'no-referrer'],
    ];
    expect(redirect(303, 'https://idp.example/')).toEqual({ kind: 'reply', status: 303, headers: expected, body: '' });
    expect(redirect(302, 'https://idp.example/', [['set-cookie', 'a=1']]).headers).toEqual([
      ...expected,
      ['set-cookie', 'a=1'],
    ]);
  });
});
