/** The text of an error and of its causes; for logs. */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // JSON.parse quotes what it could not read: of a token endpoint, a token perhaps.
  if (error instanceof SyntaxError) return 'it is no JSON';
  if (error.cause instanceof Response) return `${error.message} (${error.cause.status})`;
  return error.cause instanceof Error ? `${error.message}: ${detailOf(error.cause)}` : error.message;
}
