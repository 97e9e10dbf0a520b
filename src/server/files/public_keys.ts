import type { OwnRepository } from "../../publishing/own_repository.ts";
import type { Publishing } from "../../publishing/publishing.ts";

const KEYS_TYPE = "application/pgp-keys";

/** Where clients find the public keys of a signed repository, below the server's root. */
export function publicKeysPath({ settings: { name } }: OwnRepository): string {
  return `${name}/${name}.gpg`;
}

/** Whether this server signs a repository. */
export function isSigned({ settings: { signing } }: OwnRepository): boolean {
  return signing === "required";
}

/** Whether clients verify a repository, whoever signs it. */
export function isVerified({ settings: { signing } }: OwnRepository): boolean {
  return signing !== "none";
}

/** The public keys, if the path denotes them; null for any other path. */
export async function publicKeysRoute(
  path: string,
  { repositories, signing }: Publishing,
): Promise<Response | null> {
  const own = repositories.find((each) => isVerified(each) && publicKeysPath(each) === path);
  if (own === undefined) return null;
  const binary = isSigned(own)
    ? (await signing.publicKeys()).binary
    : await signing.trustedBinary();
  return new Response(binary, {
    headers: {
      "content-type": KEYS_TYPE,
      "content-length": `${binary.length}`,
      // A key that is added must be there before it signs.
      "cache-control": "no-cache",
    },
  });
}
