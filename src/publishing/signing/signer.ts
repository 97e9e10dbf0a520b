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

/** Tells the signatures of the keys that are trusted, which are not those of the daemon. */
export interface TrustedSignatures {
  /**
   * Verifies a detached signature.
   *
   * @throws PkgstashError `content` with the reason for which it is refused.
   */
  verifyTrusted(data: SignedData, signature: Uint8Array): Promise<void>;
  /** Whether a signature names trusted keys only; whether it is good is not looked at. */
  isByTrusted(signature: Uint8Array): Promise<boolean>;
}

/** Makes the signatures of packages and databases. */
export interface Signer {
  /** Makes a detached binary OpenPGP signature, the content of a `.sig`. */
  sign(data: SignedData): Promise<Uint8Array>;
  publicKeys(): Promise<PublicKeys>;
}
