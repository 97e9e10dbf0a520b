import type { OwnRepository } from "../../publishing/own_repository.ts";
import type { Publishing } from "../../publishing/publishing.ts";

const KEYS_TYPE = "application/pgp-keys";

/** Where clients find the public keys of a signed repository, below the server's root. */
export function publicKeysPath({ settings: { name } }: OwnRepository): string {
  return `${name}/${name}.gpg`;
}

/** Whether clients verify what a repository has. */
export function isSigned({ settings: { signing } }: OwnRepository): boolean {
  return signing === "required";
}

/** The public keys, if that is what a path means; null for any other path. */
export async function publicKeysRoute(
  path: string,
  { repositories, signing }: Publishing,
): Promise<Response | null> {
  if (!repositories.some((each) => isSigned(each) && publicKeysPath(each) === path)) return null;
  const { binary } = await signing.publicKeys();
  return new Response(binary, {
    headers: {
      "content-type": KEYS_TYPE,
      "content-length": `${binary.length}`,
      // A key that is added must be there before it signs.
      "cache-control": "no-cache",
    },
  });
}
