const dots = [
  '..',
  '%2e%2e',
  '.%2E',
  '%252e%252e',
  '%c0%ae%c0%ae',
  '..;',
  '..;a=b',
  '%2e%2e;',
  '.',
  '...',
  '..%23',
  '..%3f',
  '..%00',
];
/** Whatever some server takes for a slash, or for nothing. */
export const slashes = [
  '/',
  '//',
  '\\',
  '%2f',
  '%5c',
  '%252f',
  '%c0%af',
  '/./',
  '/;/',
  ';/',
  '#/',
  '?/',
  '%23/',
  '%3f/',
  '%00/',
  '%09/',
  '%u002f',
];

/** Every way to write "up and down again" from these parts. */
export const detours = dots.flatMap((dot) => slashes.map((slash) => `${slash}${dot}${slash}`));
