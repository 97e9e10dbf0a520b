/** The bytes of a transfer that have already been taken, for comparison with another mirror's. */
export interface BytesSoFar {
  /** Reads back `length` bytes from `position`; null when they are no longer at hand. */
  readBack(position: number, length: number): Promise<Uint8Array | null>;
  /** Whether the bytes may be thrown away: nobody has been told of them yet. */
  readonly mayStartOver: boolean;
  /** Throws all bytes away. */
  startOver(): Promise<void>;
  /** Whether every byte of the file up to here can be read back. */
  readonly reachesBackToStart: boolean;
}
