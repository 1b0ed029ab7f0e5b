import type { ErrorCode } from 'yaml';

interface Explanation {
  readonly problem: string;
  readonly suggestion: string | undefined;
}

// Ours, not the parser's: some of its texts quote the document, and a secret may stand there.
const explanations: ReadonlyMap<ErrorCode, Explanation> = new Map<ErrorCode, Explanation>([
  ['DUPLICATE_KEY', { problem: 'this key stands twice in the same map', suggestion: 'keep one of them' }],
  [
    'TAB_AS_INDENT',
    { problem: 'a tab is used for indentation', suggestion: 'indent with blanks; YAML allows no tabs' },
  ],
  [
    'BAD_INDENT',
    { problem: 'the indentation does not fit', suggestion: 'align it with its neighbours; close every [ and {' },
  ],
  [
    'BAD_ALIAS',
    {
      problem: 'an alias (*name) has no anchor (&name) before it',
      suggestion: 'put text that starts with * in quotes',
    },
  ],
  ['MULTIPLE_DOCS', { problem: 'the file holds more than one document', suggestion: 'remove everything from --- on' }],
  ['NON_STRING_KEY', { problem: 'a key is not a plain word', suggestion: 'put the key in quotes' }],
  [
    'TAG_RESOLVE_FAILED',
    { problem: 'a tag (!name) is not known', suggestion: 'put text that starts with ! in quotes' },
  ],
  [
    'BAD_SCALAR_START',
    { problem: 'a value begins with a character that YAML reserves (@ or `)', suggestion: 'put the value in quotes' },
  ],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    {
      problem: 'a second ": " stands on this line',
      suggestion: 'put the value in quotes, or indent it on a line of its own',
    },
  ],
  ['MISSING_CHAR', { problem: 'a quote, comma, colon or bracket is missing', suggestion: undefined }],
  ['MULTILINE_IMPLICIT_KEY', { problem: 'a key runs over more than one line', suggestion: 'is its colon missing?' }],
]);

/** What a syntax error of the YAML parser means, in words that quote nothing. */
export function explainYamlError(code: ErrorCode): Explanation {
  return explanations.get(code) ?? { problem: 'this is not valid YAML', suggestion: undefined };
}
