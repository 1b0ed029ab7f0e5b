import { none, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

export const pageOptions: readonly Option[] = [
  {
    flag: 'banner',
    kind: 'text',
    outcome: none('pages have a name, a logo and colours (pages), and no text of your own'),
  },
  { flag: 'custom-sign-in-logo', kind: 'text', outcome: to('pages.logo') },
  {
    flag: 'custom-templates-dir',
    kind: 'text',
    outcome: none('pages have a name, a logo and colours (pages), and no templates: they must hold without script'),
  },
  {
    flag: 'display-htpasswd-form',
    kind: 'boolean',
    standard: 'true',
    outcome: none('see htpasswd-file'),
  },
  {
    flag: 'footer',
    kind: 'text',
    outcome: none('pages have a name, a logo and colours (pages), and no text of your own'),
  },
  {
    flag: 'show-debug-on-error',
    kind: 'boolean',
    outcome: none('pages never show details; the logs have them'),
  },
  {
    flag: 'provider-display-name',
    kind: 'text',
    outcome: to('providers.<name>.label'),
  },
  {
    flag: 'skip-provider-button',
    kind: 'boolean',
    outcome: unneeded('with one provider nobody is asked: the browser goes straight to it'),
  },
];
