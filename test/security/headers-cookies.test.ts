import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, textOf, type Way, ways } from '../support/attack.ts';
import { http2Client } from '../support/http2-client.ts';
import { rawGet } from '../support/raw-http.ts';
import type { World } from '../support/world.ts';
import { fullSession, senders, startHeadersWorld } from './headers-world.ts';

let world: World;
let ports: Ports;
/** `name=value` of alice's session. */
let own: string;

/** Stands for {@link own} in the tables. */
const mark = '<own>';
const binding = `__Host-sallyport-login=${'A'.repeat(43)}`;

beforeAll(async () => {
  world = await startHeadersWorld();
  ports = await portsOf(world);
  own = await fullSession(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** Texts are latin-1: one character, one byte. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const send = (way: Way, target: string, cookies: readonly string[], further: readonly string[] = []) => {
  const lines = cookies.map((cookie) => `Cookie: ${cookie.replaceAll(mark, own)}`);
  return attempt(world, ports[way], rawGet(target, world.host, [...lines, ...further]));
};

describe.each(ways)('H14 our cookies go, the application’s stay byte for byte, %s listener', (way) => {
  it.each([
    [`a=1; ${mark}; b=2`, 'a=1; b=2'],
    [`${mark}; a=1`, 'a=1'],
    [`a=1; ${mark}`, 'a=1'],
    [`a=1;${mark};b=2`, 'a=1;b=2'],
    [`a=1;  ${mark};   b=2`, 'a=1;   b=2'],
    [`a=1; ${mark}; ${binding}; b=2`, 'a=1; b=2'],
    [`${binding}; a=1; ${mark}`, 'a=1'],
    [`a=1; ${mark}; __Host-quiet=2; __Host-quiet-login=3`, 'a=1'],
    [`a=1; ${mark};`, 'a=1;'],
    [`a=1;; ${mark}; ;b=2`, 'a=1;; ;b=2'],
    // Quotes, signs and emptiness are the application's own.
    [`a="x y"; ${mark}; b="1`, 'a="x y"; b="1'],
    [`a=x=y==; ${mark}; =nameless; valueless; c=`, 'a=x=y==; =nameless; valueless; c='],
    [`a=%20%3B%0d; ${mark}; b={"c":[1,2]}`, 'a=%20%3B%0d; b={"c":[1,2]}'],
    [`a=1, b=2; ${mark}; $Version=1; $Path=/`, 'a=1, b=2; $Version=1; $Path=/'],
    [`a=1; a=2; ${mark}; a=1`, 'a=1; a=2; a=1'],
    [`a=${bytesOf('à, é, 🍪')}; ${mark}; ${bytesOf('ключ=значение')}`, bytesOf('a=à, é, 🍪; ключ=значение')],
    // Ends in the byte 0xA0, which is a blank in latin-1 alone.
    [`${mark}; a=${bytesOf('à')}`, `a=${bytesOf('à')}`],
    // Names that only resemble ours.
    [
      `__Host-sallyport2=1; ${mark}; __host-sallyport=2; sallyport=3`,
      '__Host-sallyport2=1; __host-sallyport=2; sallyport=3',
    ],
    [`x__Host-sallyport=1; ${mark}; "__Host-sallyport"=2`, 'x__Host-sallyport=1; "__Host-sallyport"=2'],
    [`__Host-sallyport%3d=1; ${mark}; __Host-sallyport-logins=2`, '__Host-sallyport%3d=1; __Host-sallyport-logins=2'],
    [`a=${'x'.repeat(8000)}; ${mark}`, `a=${'x'.repeat(8000)}`],
  ])('with a session: %s', async (sent, expected) => {
    expect(soleRequest(await send(way, '/app', [sent])).values('cookie')).toEqual([expected]);
  });

  it('leaves no Cookie header where all were ours', async () => {
    for (const sent of [mark, `${mark}; ${binding}`, `${binding};${mark}`, `  ${mark}  `]) {
      expect(soleRequest(await send(way, '/app', [sent])).values('cookie')).toEqual([]);
    }
  });

  it('joins several lines with "; " where one of them had a cookie of ours (RFC 6265 §5.4)', async () => {
    expect(soleRequest(await send(way, '/app', ['a=1', mark, 'b=2'])).values('cookie')).toEqual(['a=1; b=2']);
    expect(soleRequest(await send(way, '/app', [`${mark}; a=1`, binding])).values('cookie')).toEqual(['a=1']);
    expect(soleRequest(await send(way, '/app', ['a=1; b=2', `c=3; ${mark}`])).values('cookie')).toEqual([
      'a=1; b=2; c=3',
    ]);
  });

  it('touches nothing where none is ours, not even bytes that are no text', async () => {
    for (const sent of [['a=1;b=2;;  c'], ['a=\xff\xfe', 'b=1'], ['a=1', 'b=2'], ['"; =;']]) {
      expect(soleRequest(await send(way, '/public', sent)).values('cookie')).toEqual(sent);
    }
  });

  it.each([
    '__Host-sallyport=mallory',
    binding,
    '__Host-quiet=1',
    '__Host-sallyport',
    '__Host-sallyport=',
    '__Host-sallyport =1',
  ])('takes ours off public requests too: %s', async (cookie) => {
    expect(soleRequest(await send(way, '/public', [`a=1; ${cookie}; b=2`])).values('cookie')).toEqual(['a=1; b=2']);
    expect(soleRequest(await send(way, '/open', [cookie])).values('cookie')).toEqual([]);
    expect(soleRequest(await send(way, '/public', [`${cookie}; ${cookie}; a=1`, cookie])).values('cookie')).toEqual([
      'a=1',
    ]);
  });

  it('joins the crumbs of HTTP/2 (RFC 9113 §8.2.3) and takes ours out', async () => {
    const client = http2Client(ports[way], world.host);
    for (const cookie of [
      ['a=1', own, 'b=2'],
      [own, 'a=1', binding, 'b=2'],
      [`a=1; ${own}`, 'b=2'],
      `a=1; b=2; ${own}`,
    ]) {
      world.upstream.clear();
      const answer = await client.request({ ':path': '/app', cookie });
      expect(answer.status).toBe(200);
      expect(world.upstream.requests.map((request) => request.values('cookie'))).toEqual([['a=1; b=2']]);
    }
    client.close();
  });

  it('holds for any cookies of the application, wherever ours stand between them', async () => {
    const unit = fc.oneof(
      fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      fc.constantFrom(' ', '=', '"', ',', '%', bytesOf('é'), bytesOf('𝒳')),
    );
    const piece = fc
      .string({ unit, minLength: 1, maxLength: 12 })
      .map((text) => `a${text.replaceAll(';', '')}z`)
      .filter((text) => !text.includes('__Host-'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.nat(6),
        fc.nat(6),
        async (pieces, at, bindingAt) => {
          const sent = [...pieces];
          sent.splice(Math.min(at, sent.length), 0, mark);
          sent.splice(Math.min(bindingAt, sent.length), 0, binding);
          const request = soleRequest(await send(way, '/app', [sent.join('; ')]));
          expect(request.values('cookie')).toEqual([pieces.join('; ')]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe.each(ways)('H15 cookies that cannot be decoded are no session, %s listener', (way) => {
  const undecodable = [
    ['a lone continuation byte', '\x80'],
    ['a byte that UTF-8 never has', '\xff'],
    ['latin-1', 'caf\xe9'],
    ['a sequence that is cut short', '\xe2\x82'],
    ['an overlong slash', '\xc0\xaf'],
    ['an overlong NUL', '\xc0\x80'],
    ['a surrogate half', '\xed\xa0\x80'],
    ['a character beyond Unicode', '\xf4\x90\x80\x80'],
  ] as const;

  it.each(undecodable)('beside ours: %s', async (_what, bytes) => {
    for (const [, lines] of senders) {
      for (const cookies of [
        [`a=${bytes}; ${mark}`],
        [`${mark}; a=${bytes}`],
        [mark, `a=${bytes}`],
        [`${bytes}=1; ${mark}`],
      ]) {
        expectDenied(await send(way, '/app', cookies, lines), [302, 401]);
      }
    }
  });

  it.each(undecodable)('in ours: %s', async (_what, bytes) => {
    for (const cookie of [`${mark}${bytes}`, `__Host-sallyport=${bytes}${own.slice(own.indexOf('=') + 1)}`]) {
      expectDenied(await send(way, '/app', [cookie]), [401]);
    }
  });

  it.each(undecodable)('do not carry ours to a public path: %s', async (_what, bytes) => {
    const request = soleRequest(await send(way, '/public', [`a=1; b=${bytes}; ${mark}; c=3`]));
    expect(textOf(request)).not.toContain(own.slice(own.indexOf('=') + 1));
    // What cannot be sent on unchanged goes with ours; the rest stays.
    expect(request.values('cookie')).toEqual(['a=1; c=3']);
  });

  it.each(undecodable)('nor over HTTP/2: %s', async (_what, bytes) => {
    const client = http2Client(ports[way], world.host);
    const answer = await client.request({ ':path': '/app', cookie: [own, `a=${bytes}`] });
    client.close();
    expect([answer.status, world.upstream.requests]).toEqual([401, []]);
  });

  it.each(undecodable)('nor at the side service: %s', async (_what, bytes) => {
    expect((await send(way, '/_auth/userinfo', [mark])).answer.status).toBe(200);
    expect((await send(way, '/_auth/userinfo', [`${mark}; a=${bytes}`])).answer.status).toBe(401);
  });

  it('is about bytes, not about languages: UTF-8 is a session', async () => {
    const request = soleRequest(await send(way, '/app', [`${mark}; name=${bytesOf('Zoë 你好')}`]));
    expect(request.values('x-auth-request-user')).toEqual(['alice']);
    expect(request.values('cookie')).toEqual([`name=${bytesOf('Zoë 你好')}`]);
  });
});
