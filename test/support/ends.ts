/** What a test file started and nobody ended yet. The file's end ends it, newest first: see end-with-file.ts. */
const ends = new Set<() => Promise<void>>();

/** Registers how to end something; the answer takes it off the list again (it was ended before). */
export function atEnd(end: () => Promise<void>): () => void {
  ends.add(end);
  return () => ends.delete(end);
}

/** Ends everything, newest first; one that fails does not keep the others alive. */
export async function endEverything(): Promise<void> {
  const failures: unknown[] = [];
  for (const end of [...ends].reverse()) {
    ends.delete(end);
    await end().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be ended');
}
