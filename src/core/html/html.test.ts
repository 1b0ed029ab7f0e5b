import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/arbitraries.ts';
import { html } from './html.ts';

describe('html', () => {
  it('escapes texts and numbers, and takes its own results as they are', () => {
    const item = html`<li>${'<&>"\''}</li>`;
    expect(html`<ul title="${'"x"'}">${[item, item]}${item}${1}</ul>`.markup).toBe(
      '<ul title="&quot;x&quot;"><li>&lt;&amp;&gt;&quot;&#39;</li><li>&lt;&amp;&gt;&quot;&#39;</li><li>&lt;&amp;&gt;&quot;&#39;</li>1</ul>',
    );
  });

  it('keeps the template’s own characters, escapes of JavaScript included', () => {
    expect(html`a\n${[]}\u00b7`.markup).toBe('a\n·');
    expect(html``.markup).toBe('');
  });

  it('lets no text out of its place (L9)', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const { markup } = html`${text}`;
        expect(markup).not.toMatch(/[<>"']/);
        expect(unescaped(markup)).toBe(text);
      }),
    );
  });
});

function unescaped(markup: string): string {
  return markup
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
