/** Time that passes, apart from the clock that tells it. */
export interface Pause {
  /** Resolves after so many milliseconds; keeps no process alive. */
  pause(milliseconds: number): Promise<void>;
  /** Milliseconds on a clock that never goes back and stands still for nobody; only differences count. */
  elapsed(): number;
}
