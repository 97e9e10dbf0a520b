/** What is signed: bytes, or the file at a path, which is read in slices. */
export type SignedData = Uint8Array | string;

/** What clients need in order to check signatures. */
export interface PublicKeys {
  /** Of the primary key that signs now, in upper-case hexadecimal. */
  readonly fingerprint: string;
  /** Every key that clients must trust, as `pacman-key --add` reads it. */
  readonly binary: Uint8Array<ArrayBuffer>;
  /** The same, armored. */
  readonly armored: string;
}

/** Makes the signatures of packages and databases. */
export interface Signer {
  /** Makes a detached binary OpenPGP signature, the content of a `.sig`. */
  sign(data: SignedData): Promise<Uint8Array>;
  publicKeys(): Promise<PublicKeys>;
}
