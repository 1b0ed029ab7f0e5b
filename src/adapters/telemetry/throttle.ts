/** How many lines of one kind may be written in one second. */
const linesPerSecond = 20;

/** Says for each line whether to write it, and how many of its kind were left out since the last one. */
export interface Throttle {
  admit(kind: string): { readonly suppressed: number } | undefined;
}

interface Window {
  second: number;
  written: number;
  suppressed: number;
}

/** While a store is down every request is a problem: the first lines say so, thousands more only cost time. */
export function createThrottle(nowMilliseconds: () => number): Throttle {
  const windows = new Map<string, Window>();
  return {
    admit(kind) {
      const second = Math.floor(nowMilliseconds() / 1000);
      const window = windows.get(kind) ?? { second, written: 0, suppressed: 0 };
      windows.set(kind, window);
      if (window.second !== second) {
        window.second = second;
        window.written = 0;
      }
      if (window.written >= linesPerSecond) {
        window.suppressed += 1;
        return undefined;
      }
      const { suppressed } = window;
      window.written += 1;
      window.suppressed = 0;
      return { suppressed };
    },
  };
}
