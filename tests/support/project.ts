import { fromFileUrl } from "@std/path";

/** The root of the repository. */
export const PROJECT: string = fromFileUrl(new URL("../../", import.meta.url));
