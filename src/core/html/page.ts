import type { Html } from './html.ts';
import type { Text } from './text.ts';

/** A page before anybody asked for it: in no language yet, and in no colours. */
export interface Page {
  readonly title: Text;
  /** What stands in `<main>`; it begins with the page's one `<h1>`. `t` picks the reader's language. */
  readonly body: (t: (text: Text) => string) => Html;
  /** For tables. */
  readonly isWide?: boolean;
  /**
   * Further origins to which the page's forms may lead, redirects included (Content Security Policy Level 3 §6.4.1).
   */
  readonly formTargets?: readonly string[];
  /**
   * `no-referrer` when left out. A page whose form is checked by its Origin needs `same-origin`: under `no-referrer`
   * browsers send `Origin: null` (Fetch §3.1).
   */
  readonly referrerPolicy?: 'no-referrer' | 'same-origin';
}
