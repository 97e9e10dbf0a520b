import { PkgstashError } from "../../errors.ts";

/** The promise's outcome if it comes within `milliseconds`, otherwise an `upstream_timeout`. */
export async function within<T>(
  promise: Promise<T>,
  milliseconds: number,
  what: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new PkgstashError(
          "upstream_timeout",
          `No mirror answered for ${what} within ${milliseconds / 1000} s`,
        ),
      );
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
