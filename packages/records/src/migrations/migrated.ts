/** Lines for the person who waits. */
export type Progress = (line: string) => void;

export interface Migrated {
  /** 0: there was nothing. */
  readonly from: number;
  readonly to: number;
}
