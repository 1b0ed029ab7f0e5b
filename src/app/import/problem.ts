/** Why nothing can be made of what was given. Holds no value of an option. */
export interface Problem {
  /** The option as it was written, or the file. */
  readonly subject: string;
  readonly problem: string;
  readonly suggestion: string | undefined;
}
